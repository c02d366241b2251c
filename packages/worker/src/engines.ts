import type { Random } from '@yardmaster/runtime'
import type { Closing } from './connection.js'
import { isEngineUrl } from './settings.js'

const FIRST_PAUSE_MS = 200
const LONGEST_PAUSE_MS = 3_000
/** Its builds wait. */
const LONGEST_BUSY_PAUSE_MS = 1_000
/** Another process has this worker's name: that may last for ever. */
const LONGEST_DUPLICATE_PAUSE_MS = 15_000
const GROWTH = 1.5
/** Of what an engine tells. */
const MOST_TOLD = 20

/** Where to connect next, and when: engines in turn without a pause, with growing ones after each round in vain. */
export class Engines {
  readonly #own: string[]
  #urls: string[]
  /** Where to go next, out of turn. */
  #wanted: string | null = null
  readonly #random: Random
  #at = 0
  #failures = 0
  #pauseMs = FIRST_PAUSE_MS

  constructor(urls: string[], random: Random) {
    this.#own = urls
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

  /** An engine has named others that can use this worker: the first of them is tried next, all of them in their turn. */
  learn(urls: string[]): void {
    const told = urls.filter(isEngineUrl).slice(0, MOST_TOLD)
    const current = this.current
    this.#urls = [...this.#own, ...told.filter(url => !this.#own.includes(url))]
    if (!this.#urls.includes(current)) this.#urls.push(current)
    this.#at = this.#urls.indexOf(current)
    this.#wanted = told[0] ?? null
  }

  #next(): void {
    this.#at = this.#wanted === null ? (this.#at + 1) % this.#urls.length : this.#urls.indexOf(this.#wanted)
    this.#wanted = null
  }

  /** Between half and one and a half: a hundred workers that lost one engine must not come all at once. */
  #pause(longestMs: number): number {
    const pauseMs = Math.min(this.#pauseMs, longestMs)
    this.#pauseMs = Math.min(this.#pauseMs * GROWTH, longestMs)
    return pauseMs * (0.5 + this.#random.float())
  }
}
