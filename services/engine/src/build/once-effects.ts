import type { Clock } from '@yardmaster/runtime'

/** For one that is under way to end. */
const PATIENCE_MS = 10_000

/**
 * What a build does that nobody can say of whether it happened, if it is given up in the middle: `ctx.once`, and requests that may not be sent again.
 * Who wants to hand the build over holds it: nothing of the kind begins then, and what is under way is waited for.
 */
export class OnceEffects {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #underWay = new Set<number>()
  #held: { since: number; over: Promise<void>; release: () => void } | null = null

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Effect `n` of the step under way is to begin. Rejects with the signal's reason. */
  async begin(n: number, signal: AbortSignal): Promise<void> {
    while (this.#held) await orAborted(this.#held.over, signal)
    signal.throwIfAborted()
    this.#underWay.add(n)
  }

  end(n: number): void {
    this.#underWay.delete(n)
  }

  /** The step is over, whatever became of them. */
  clear(): void {
    this.#underWay.clear()
  }

  /** True when the build can be given up: nothing of the kind is under way, or it has been waited for long enough. */
  hold(): boolean {
    this.#held ??= { since: this.#clock.monotonic(), ...gate() }
    return this.#underWay.size === 0 || this.#clock.monotonic() - this.#held.since >= PATIENCE_MS
  }

  /** The build stays. */
  release(): void {
    this.#held?.release()
    this.#held = null
  }
}

function gate(): { over: Promise<void>; release: () => void } {
  let release = (): void => undefined
  const over = new Promise<void>(resolve => { release = resolve })
  return { over, release }
}

function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
