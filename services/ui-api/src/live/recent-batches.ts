import type { EventBatch } from '@yardmaster/bus'

/** The newest batches of the event stream, as many as have `most` events together, for who is a little behind. */
export class RecentBatches {
  readonly #batches = new Map<number, EventBatch>()
  readonly #most: number
  #events = 0
  /** The newest batch that was read, 0 before. */
  last = 0

  constructor(most: number) {
    this.#most = most
  }

  /** The oldest that is here; `last` + 1: none is. */
  get first(): number {
    return this.last - this.#batches.size + 1
  }

  /** The next one. */
  add(batch: EventBatch): void {
    this.#batches.set(batch.sequence, batch)
    this.last = batch.sequence
    this.#events += batch.envelopes.length
    for (const [sequence, { envelopes }] of this.#batches) {
      if (this.#events <= this.#most || sequence === this.last) break
      this.#batches.delete(sequence)
      this.#events -= envelopes.length
    }
  }

  /** Nothing before or at `last` is known any more. */
  clear(last: number): void {
    this.#batches.clear()
    this.#events = 0
    this.last = last
  }

  /** What follows, until there are `most` events. */
  after(sequence: number, most: number): EventBatch[] {
    const found: EventBatch[] = []
    let events = 0
    for (let next = this.#batches.get(sequence + 1); next && events < most; next = this.#batches.get(next.sequence + 1)) {
      found.push(next)
      events += next.envelopes.length
    }
    return found
  }
}
