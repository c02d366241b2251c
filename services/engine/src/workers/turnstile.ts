import type { Clock } from '@yardmaster/runtime'

const PATIENCE_MS = 3_000

/** Lets a few through at a time, in order; whoever waits is told so every few seconds. */
export class Turnstile {
  readonly #clock: Clock
  readonly #width: number
  readonly #queue: (() => void)[] = []
  #inside = 0

  constructor(clock: Clock, width: number) {
    this.#clock = clock
    this.#width = width
  }

  get waiting(): number {
    return this.#queue.length
  }

  async pass<T>(work: () => Promise<T>, onWaiting: () => void = () => {}): Promise<T> {
    if (this.#inside < this.#width) this.#inside += 1
    else await this.#turn(onWaiting)
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#inside -= 1
    }
  }

  /** Resolves when somebody who leaves gives his place. */
  async #turn(onWaiting: () => void): Promise<void> {
    let cancel = () => {}
    const remind = () => {
      cancel = this.#clock.setTimeout(() => {
        onWaiting()
        remind()
      }, PATIENCE_MS)
    }
    remind()
    await new Promise<void>(resolve => this.#queue.push(resolve))
    cancel()
  }
}
