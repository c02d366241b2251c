import type { Clock } from '@yardmaster/runtime'

/** How long answers are waited for in all, counted from the first question. */
export class Patience {
  readonly #clock: Clock
  readonly #ms: number
  #ended: Promise<'late'> | null = null
  over = false

  constructor(clock: Clock, ms: number) {
    this.#clock = clock
    this.#ms = ms
  }

  get ended(): Promise<'late'> {
    this.#ended ??= new Promise(resolve => {
      this.#clock.setTimeout(() => {
        this.over = true
        resolve('late')
      }, this.#ms)
    })
    return this.#ended
  }
}
