import type { Clock } from '@yardmaster/runtime'

/** Calls of one account to its API: UpCloud publishes no limit, and slows down whole accounts that are rude. */
const CALLS_PER_S = 10
const BURST = 20

/** A token bucket: a call waits until it has one, in the order in which they came. */
export class RateGate {
  readonly #clock: Clock
  /** When the next call may be made, on the monotonic clock; it may lie in the past by a burst. */
  #next: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#next = clock.monotonic() - (BURST * 1_000) / CALLS_PER_S
  }

  /** Rejects with the signal's reason when it is aborted first. */
  async pass(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const now = this.#clock.monotonic()
    const due = Math.max(this.#next, now - (BURST * 1_000) / CALLS_PER_S)
    this.#next = due + 1_000 / CALLS_PER_S
    if (due > now) await this.#clock.sleep(due - now, signal)
  }

  /** The API asked for a pause: nobody calls before it is over. */
  pause(ms: number): void {
    this.#next = Math.max(this.#next, this.#clock.monotonic() + ms)
  }
}
