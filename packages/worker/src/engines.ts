import type { Random } from '@yardmaster/runtime'
import type { Closing } from './connection.js'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 3_000
/** Its builds wait. */
const LONGEST_BUSY_PAUSE_MS = 1_000
/** Another process has this worker's name: that may last for ever. */
const LONGEST_DUPLICATE_PAUSE_MS = 15_000
const GROWTH = 1.5

/** Where to connect next, and when: engines in turn without a pause, with growing ones after each round in vain. */
export class Engines {
  readonly #urls: string[]
  readonly #random: Random
  #at = 0
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS

  constructor(urls: string[], random: Random) {
    this.#urls = urls
    this.#random = random
  }

  get current(): string {
    return this.#urls[this.#at]!
  }

  /** What came of the last connection; answers how long to wait for the next, in ms. */
  after(closing: Closing, { welcomed, busy }: { welcomed: boolean; busy: boolean }): number {
    if (closing.duplicate) return this.#pause(LONGEST_DUPLICATE_PAUSE_MS)
    if (welcomed) {
      this.#failures = 0
      this.#pauseMs = FIRST_PAUSE_MS
      // The engine itself may be well: only the network has failed.
      if (closing.elsewhere) this.#next()
      return this.#pause(LONGEST_PAUSE_MS)
    }
    this.#failures += 1
    this.#next()
    return this.#failures % this.#urls.length === 0 ? this.#pause(busy ? LONGEST_BUSY_PAUSE_MS : LONGEST_PAUSE_MS) : 0
  }

  #next(): void {
    this.#at = (this.#at + 1) % this.#urls.length
  }

  /** Between half and one and a half: a hundred workers that lost one engine must not come all at once. */
  #pause(longestMs: number): number {
    const pauseMs = Math.min(this.#pauseMs, longestMs)
    this.#pauseMs = Math.min(this.#pauseMs * GROWTH, longestMs)
    return pauseMs * (0.5 + this.#random.float())
  }
}
