import type { Clock, Logger } from '@yardmaster/runtime'

const WINDOW_MS = 10_000
/** Of those beyond it only the number is told. */
const MOST_TOLD = 20

export type Refusal = { /** Undefined: it gave no name. */ worker?: string; from: string | undefined; admission: string }

/** Workers that were not let in, in the log: each once in a while, and how many more there were. Somebody who tries passwords shall not fill disks. */
export class Refusals {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #told = new Set<string>()
  #untold = 0
  #cancel: (() => void) | null = null

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  note(refusal: Refusal): void {
    this.#cancel ??= this.#clock.setTimeout(() => this.#begin(), WINDOW_MS)
    const key = JSON.stringify(refusal)
    if (this.#told.has(key) || this.#told.size >= MOST_TOLD) {
      this.#untold += 1
      return
    }
    this.#told.add(key)
    this.#logger.warn(refusal, 'a worker was not let in')
  }

  close(): void {
    this.#cancel?.()
  }

  #begin(): void {
    this.#cancel = null
    this.#told.clear()
    if (this.#untold > 0) this.#logger.warn({ times: this.#untold, seconds: WINDOW_MS / 1000 }, 'workers were not let in, again and again')
    this.#untold = 0
  }
}
