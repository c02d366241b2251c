/** What one follows: paths of events, which may become more or fewer while the stream is open. */
export class FollowedPaths {
  readonly #paths: Set<string>
  readonly #listeners = new Set<(verb: 'add' | 'remove', path: string) => void>()

  constructor(paths: Iterable<string> = []) {
    this.#paths = new Set(paths)
  }

  get all(): readonly string[] {
    return [...this.#paths]
  }

  add(...paths: readonly string[]): void {
    for (const path of paths) {
      if (this.#paths.has(path)) continue
      this.#paths.add(path)
      for (const listener of this.#listeners) listener('add', path)
    }
  }

  remove(...paths: readonly string[]): void {
    for (const path of paths) if (this.#paths.delete(path)) for (const listener of this.#listeners) listener('remove', path)
  }

  /** The answer ends it. */
  onChange(listener: (verb: 'add' | 'remove', path: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}
