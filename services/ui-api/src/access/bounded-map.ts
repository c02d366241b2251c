/** Of at most so many keys: those that were set longest ago go first. */
export class BoundedMap<V> {
  readonly #kept = new Map<string, V>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  get = (key: string): V | undefined => this.#kept.get(key)
  delete = (key: string): boolean => this.#kept.delete(key)
  clear = (): void => this.#kept.clear()

  set(key: string, value: V): void {
    this.#kept.delete(key)
    this.#kept.set(key, value)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > this.#most && oldest !== undefined) this.#kept.delete(oldest)
  }
}
