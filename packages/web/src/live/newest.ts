import type { LiveEvent } from '@yardmaster/rest'

/** Events in the order of their coming, of each row only the last: it has the row as it is by then. */
export class NewestEvents {
  readonly #events = new Map<string, LiveEvent>()

  get size(): number {
    return this.#events.size
  }

  add(event: LiveEvent): void {
    const row = event.k.slice(0, event.k.lastIndexOf('/'))
    this.#events.delete(row)
    this.#events.set(row, event)
  }

  /** All of them; there are none afterwards. */
  take(): LiveEvent[] {
    const events = [...this.#events.values()]
    this.#events.clear()
    return events
  }
}
