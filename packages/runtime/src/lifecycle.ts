import type { Clock } from './clock.js'
import type { Logger } from './logger.js'

/** Thrown when a writing transaction finds its replica buried. The process drops everything and exits with `exitCodes.buried`, to start again as a new replica. */
export class ReplicaBuried extends Error {
  override name = 'ReplicaBuried'
  constructor(readonly replicaId: number) {
    super(`replica ${replicaId} was buried by its peers: this process was silent for too long`)
  }
}

export const exitCodes = { ok: 0, failedStart: 1, fatal: 70, buried: 75, interrupted: 130, terminated: 143 } as const

export type Lifecycle = {
  /** Aborted when the stop begins. */
  signal: AbortSignal
  /** The supervisor that started this process is gone: nobody waits for a slow end. */
  readonly orphaned: boolean
  /** Registers a part to be stopped, in reverse order of registration. `deadlineMs: null` waits as long as it takes (a drain). */
  onStop(name: string, stop: () => unknown, options?: { deadlineMs?: number | null }): void
  /** Tells the supervisor, if there is one, that this process serves. */
  ready(facts?: { [key: string]: string | number }): void
  /** Begins the orderly stop, as SIGTERM does. */
  stop(reason: string): void
  /** Ends the process at once: 75 for `ReplicaBuried`, else 70. */
  fail(error: unknown): void
}

export type ProcessOptions = { name: string; logger: Logger; clock: Clock; start(lifecycle: Lifecycle): Promise<void> }

const defaultDeadlineMs = 10_000
/** A terminal's Ctrl-C reaches the whole group, and a wrapper may pass it on once more: that is one wish, not two. */
const sameSignalMs = 300

type StopEntry = { name: string; stop: () => unknown; deadlineMs: number | null }

/**
 * Runs a service: SIGTERM, SIGINT and the loss of the supervisor stop it in order (exit 0), a second signal at once (130 or 143);
 * an unforeseen error ends it with 70, burial with 75, a failed start with 1. Never returns to the caller.
 */
export function runProcess(options: ProcessOptions): void {
  new RunningProcess(options).run()
}

class RunningProcess implements Lifecycle {
  readonly #options: ProcessOptions
  readonly #abort = new AbortController()
  readonly #entries: StopEntry[] = []
  #firstSignalAt: number | null = null

  constructor(options: ProcessOptions) {
    this.#options = options
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get orphaned(): boolean {
    return process.send !== undefined && !process.connected
  }

  run(): void {
    process.on('SIGTERM', () => this.#onSignal('SIGTERM', exitCodes.terminated))
    process.on('SIGINT', () => this.#onSignal('SIGINT', exitCodes.interrupted))
    process.on('uncaughtException', error => this.fail(error))
    process.on('unhandledRejection', error => this.fail(error))
    if (process.send) process.once('disconnect', () => this.stop('the supervisor is gone'))
    this.#options.start(this).catch((error: unknown) => this.#startFailed(error))
  }

  onStop(name: string, stop: () => unknown, { deadlineMs = defaultDeadlineMs }: { deadlineMs?: number | null } = {}): void {
    const entry = { name, stop, deadlineMs }
    // A start that is overtaken by the stop still gives back what it has taken.
    if (this.signal.aborted) void this.#stopOne(entry)
    else this.#entries.push(entry)
  }

  ready(facts: { [key: string]: string | number } = {}): void {
    this.#options.logger.info(facts, 'ready')
    if (process.connected) process.send?.({ type: 'ready', name: this.#options.name, ...facts })
  }

  stop(reason: string): void {
    if (this.signal.aborted) return
    this.#options.logger.info({ reason }, 'stopping')
    void this.#stopAll().then(() => this.#exit(exitCodes.ok))
  }

  fail(error: unknown): void {
    const buried = error instanceof ReplicaBuried
    this.#options.logger.fatal({ err: error }, buried ? 'buried: starting again as a new epoch' : 'unforeseen error')
    this.#exit(buried ? exitCodes.buried : exitCodes.fatal)
  }

  #onSignal(signal: string, code: number): void {
    const now = this.#options.clock.monotonic()
    this.#firstSignalAt ??= now
    if (this.#firstSignalAt === now) return this.stop(signal)
    if (now - this.#firstSignalAt < sameSignalMs) return
    this.#options.logger.warn({ signal }, 'second signal: ending at once')
    this.#exit(code)
  }

  async #startFailed(error: unknown): Promise<void> {
    if (error instanceof ReplicaBuried) return this.fail(error)
    if (this.signal.aborted) return
    this.#options.logger.fatal({ err: error }, `${this.#options.name} could not start`)
    await this.#stopAll()
    this.#exit(exitCodes.failedStart)
  }

  async #stopAll(): Promise<void> {
    this.#abort.abort()
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) await this.#stopOne(entry)
  }

  async #stopOne({ name, stop, deadlineMs }: StopEntry): Promise<void> {
    const { clock, logger } = this.#options
    const began = clock.monotonic()
    const deadline = new AbortController()
    const late = deadlineMs === null ? new Promise<never>(() => {}) : clock.sleep(deadlineMs, deadline.signal).then(() => Promise.reject(new Error(`still not stopped after ${deadlineMs} ms`)))
    try {
      await Promise.race([Promise.resolve().then(stop), late])
      logger.debug({ part: name, ms: Math.round(clock.monotonic() - began) }, 'stopped')
    } catch (error) {
      logger.error({ err: error, part: name }, 'could not stop in order')
    } finally {
      late.catch(() => {})
      deadline.abort()
    }
  }

  #exit(code: number): void {
    process.exit(code)
  }
}
