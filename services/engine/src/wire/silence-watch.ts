import type { Clock } from '@yardmaster/runtime'

/** How often a worker is pinged that runs something: within three times that both sides notice that the other one stands still. */
export const BUSY_PING_MS = 1_500
/** Pings that were not answered by anything, after which the connection counts as dead. */
const MOST_UNANSWERED = 3

/** How often it is pinged: closely while it is busy, else every `idleMs`. */
export type Pace = { idleMs: number; busy(): boolean }

export type SilenceWatchOptions = {
  clock: Clock
  /** Asks for a sign of life; `nextMs` is when the next question comes, if that is known. */
  ping(nextMs?: number): void
  drop(why: string): void
}

/** Watches whether the other side of a connection says anything when it is asked to. */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #listeners = new Set<(heard: boolean) => void>()
  #unanswered = 0
  #pingedAt: number
  /** How soon the worker expects the next ping. */
  #promisedMs = 0
  #paused = false
  #closed = false
  #cancelTimer = () => {}

  constructor(options: SilenceWatchOptions) {
    this.#options = options
    this.#pingedAt = options.clock.monotonic()
  }

  /** It said something. */
  heard(): void {
    this.#unanswered = 0
    for (const settle of this.#listeners) settle(true)
  }

  /** From what it is to run on, the worker listens closely. */
  expectBusy(): void {
    this.#promisedMs = BUSY_PING_MS
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#unanswered = 0
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer()
    for (const settle of this.#listeners) settle(false)
  }

  watch(pace: Pace): void {
    this.#promisedMs = Math.max(this.#promisedMs, pace.idleMs)
    this.#watchLater(pace)
  }

  /** Whether it says anything within that time, being asked to. */
  answers(withinMs: number): Promise<boolean> {
    // What waits unread has come from a worker that lives, or shall be read before it is judged.
    if (this.#paused) return Promise.resolve(true)
    if (this.#closed) return Promise.resolve(false)
    return new Promise(resolve => {
      const settle = (heard: boolean) => {
        cancel()
        this.#listeners.delete(settle)
        resolve(heard)
      }
      const cancel = this.#options.clock.setTimeout(() => settle(false), withinMs)
      this.#listeners.add(settle)
      this.#options.ping()
    })
  }

  #watchLater(pace: Pace): void {
    if (this.#closed) return
    this.#cancelTimer = this.#options.clock.setTimeout(() => this.#look(pace), Math.min(BUSY_PING_MS, pace.idleMs))
  }

  #look(pace: Pace): void {
    const nextMs = pace.busy() ? Math.min(BUSY_PING_MS, pace.idleMs) : pace.idleMs
    const sinceMs = this.#options.clock.monotonic() - this.#pingedAt
    if (nextMs <= BUSY_PING_MS || nextMs !== this.#promisedMs || sinceMs > nextMs - BUSY_PING_MS / 2) {
      // Counted, not timed: a pause of our own is not the worker's silence. Nobody listens while it is paused.
      if (!this.#paused && this.#unanswered >= MOST_UNANSWERED) return this.#options.drop(`${MOST_UNANSWERED} pings were not answered`)
      this.#unanswered += 1
      this.#pingedAt += sinceMs
      this.#promisedMs = nextMs
      this.#options.ping(nextMs)
    }
    this.#watchLater(pace)
  }
}
