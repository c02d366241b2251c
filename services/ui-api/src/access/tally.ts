/** How much of something each has at the moment; who has none takes no room. */
export class Tally {
  readonly #of = new Map<string, number>()

  of = (key: string): number => this.#of.get(key) ?? 0

  add(key: string, by: number): void {
    const now = this.of(key) + by
    if (now > 0) this.#of.set(key, now)
    else this.#of.delete(key)
  }
}
