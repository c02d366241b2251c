import type { Clock } from '@yardmaster/runtime'

/** A free worker is given a request within moments. */
const STALLED_MS = 30_000
/** Then it is tried again: what kept it may be over. */
const LEFT_ALONE_MS = 300_000

/**
 * Requests that stay where they are though a worker is free for them: something else keeps them, such as a function of the configuration, or an engine's limits. A machine that is kept or
 * started for one of these is paid for nothing.
 */
export class Stalls {
  readonly #clock: Pick<Clock, 'monotonic'>
  /** By request: who could take it, and since when. */
  readonly #ready = new Map<number, { key: string; since: number }>()
  readonly #refused = new Map<number, Map<string, number>>()

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** `ready`: requests that could be on a worker now. `waiting`: all that wait. */
  note(ready: ReadonlyMap<number, string>, waiting: readonly { id: number }[]): void {
    const now = this.#clock.monotonic()
    for (const [id, { key }] of this.#ready) if (ready.get(id) !== key) this.#ready.delete(id)
    for (const [id, key] of ready) {
      const known = this.#ready.get(id)
      if (!known) this.#ready.set(id, { key, since: now })
      else if (now - known.since >= STALLED_MS) this.#refuse(id, key, now)
    }
    const ids = new Set(waiting.map(({ id }) => id))
    for (const id of this.#refused.keys()) if (!ids.has(id)) this.#refused.delete(id)
  }

  /** Who is not counted on for the request. */
  refusedOf(id: number): ReadonlySet<string> {
    const keys = this.#refused.get(id)
    return new Set([...keys ?? []].flatMap(([key, until]) => (this.#clock.monotonic() < until ? [key] : [])))
  }

  #refuse(id: number, key: string, now: number): void {
    const keys = this.#refused.get(id) ?? new Map<string, number>()
    this.#refused.set(id, keys.set(key, now + LEFT_ALONE_MS))
    this.#ready.delete(id)
  }
}
