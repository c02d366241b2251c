import type { Clock } from './clock.js'
import type { Logger } from './logger.js'
import { loopMetrics } from './loop-metrics.js'
import type { Registry } from './metrics.js'

/** Background work that is notified or ticked, never both needed: a lost notification costs at most `everyMs`. */
export type Loop = {
  /** There may be work. During a run it causes exactly one more run; during a backoff it waits for its end. */
  notify(): void
  /** What it failed for is over: the pause after a failure ends now. */
  hurry(): void
  /** When there is work even if nobody says so (epoch ms), or null. A run that is due earlier re-reads the rows and sets it anew. */
  setAlarm(epochMs: number | null): void
  /** Resolves when no run is under way and none has been asked for. */
  settled(): Promise<void>
  /** Aborts the signal of the run under way, and resolves when it has ended; nothing runs after. */
  stop(): Promise<void>
}

export type LoopOptions = {
  name: string
  clock: Clock
  logger: Logger
  /** The sweep: longest pause between two runs, at most 5000. */
  everyMs: number
  /** Does what is to be done. `again`: there is more, run at once. Runs never overlap. */
  run: (signal: AbortSignal) => Promise<void | { again: boolean }>
  /** Told of every failed run, after it was logged: the place to end the process on `ReplicaBuried`. */
  onError?: (error: unknown) => void
  registry?: Registry
}

const longestSweepMs = 5_000
const firstBackoffMs = 250
const longestBackoffMs = 10_000

/** Starts the loop: a first run at once, then on `notify`, on the alarm, and `everyMs` after the last run. A failing run is repeated with growing pauses, and never ends the loop. */
export function startLoop(options: LoopOptions): Loop {
  if (options.everyMs > longestSweepMs) throw new Error(`loop ${options.name}: everyMs is ${options.everyMs}, but a sweep may be at most ${longestSweepMs} ms apart`)
  const loop = new NotifiedOrTicked(options)
  loop.notify()
  return loop
}

class NotifiedOrTicked implements Loop {
  readonly #options: LoopOptions
  readonly #metrics
  readonly #abort = new AbortController()
  #running: Promise<void> | null = null
  #wanted = false
  #backoffMs = 0
  #alarmAt: number | null = null
  #cancelTimer = () => {}

  constructor(options: LoopOptions) {
    this.#options = options
    this.#metrics = loopMetrics(options.name, options.registry)
  }

  notify(): void {
    this.#wanted = true
    if (!this.#running && this.#backoffMs === 0) this.#start()
  }

  hurry(): void {
    this.#backoffMs = 0
    this.notify()
  }

  setAlarm(epochMs: number | null): void {
    this.#alarmAt = epochMs
    if (!this.#running && this.#backoffMs === 0 && !this.#abort.signal.aborted) this.#schedule()
  }

  async settled(): Promise<void> {
    while (this.#running) await this.#running
  }

  async stop(): Promise<void> {
    this.#abort.abort()
    this.#cancelTimer()
    await this.settled()
  }

  #start(): void {
    if (this.#abort.signal.aborted) return
    this.#cancelTimer()
    this.#running = this.#drive().finally(() => {
      this.#running = null
      if (!this.#abort.signal.aborted) this.#schedule()
    })
  }

  async #drive(): Promise<void> {
    // The caller gets its handle before the first run, which may use it.
    await Promise.resolve()
    do {
      this.#wanted = false
      if (this.#alarmAt !== null && this.#alarmAt <= this.#options.clock.now()) this.#alarmAt = null
      await this.#runOnce()
    } while (this.#wanted && this.#backoffMs === 0 && !this.#abort.signal.aborted)
  }

  async #runOnce(): Promise<void> {
    const { clock, logger, name, run, onError } = this.#options
    const began = clock.monotonic()
    const seconds = () => (clock.monotonic() - began) / 1000
    try {
      const outcome = await run(this.#abort.signal)
      if (outcome?.again) this.#wanted = true
      this.#backoffMs = 0
      this.#metrics.ran(seconds())
    } catch (error) {
      if (this.#abort.signal.aborted) return
      this.#backoffMs = Math.min(Math.max(this.#backoffMs * 2, firstBackoffMs), longestBackoffMs)
      this.#metrics.failed(seconds())
      logger.error({ err: error, loop: name, retryInMs: this.#backoffMs }, 'background loop failed')
      onError?.(error)
    }
  }

  #schedule(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#options.clock.setTimeout(() => this.#start(), this.#pauseMs())
  }

  #pauseMs(): number {
    if (this.#backoffMs > 0) return this.#backoffMs
    if (this.#alarmAt === null) return this.#options.everyMs
    return Math.max(0, Math.min(this.#options.everyMs, this.#alarmAt - this.#options.clock.now()))
  }
}
