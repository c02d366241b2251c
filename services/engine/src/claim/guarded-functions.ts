import type { FunctionRef, Json } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'
import type { Clock, Logger } from '@yardmaster/runtime'
import type { Patience } from './patience.js'

const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 300_000

/** late: the caller has no time left, which says nothing of the function. */
export type Asked<T> = { answer: T } | { failed: string } | 'late'

type Failure = { message: string; pauseMs: number; retryAt: number }

/**
 * The user's functions that choose. One that throws, is too slow or answers nonsense is told of in the log once, and is left alone for
 * growing pauses: what it would have delayed again and again goes on without it.
 */
export class GuardedFunctions {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #failures = new Map<string, Failure>()
  #generation: number | null = null
  /** When each builder's functions were asked last, counted. */
  readonly #turns = new Map<string, number>()
  #turn = 0

  constructor({ clock, logger }: { clock: Clock; logger: Logger }) {
    this.#clock = clock
    this.#logger = logger
  }

  /** Those first that have not been asked for longest. */
  inTurn(builderKeys: string[]): string[] {
    return builderKeys.sort((a, b) => (this.#turns.get(a) ?? 0) - (this.#turns.get(b) ?? 0))
  }

  serve(builderKey: string): void {
    this.#turns.set(builderKey, ++this.#turn)
  }

  /** `read` makes the answer what it is to be, and throws when it cannot be that. `what` names the function for people. */
  async ask<T>(generation: LoadedGeneration, { what, fn, args, read, patience }: { what: string; fn: FunctionRef; args: Json[]; read: (answer: Json) => T; patience: Patience }): Promise<Asked<T>> {
    if (this.#generation !== generation.id) {
      this.#failures.clear()
      this.#generation = generation.id
    }
    const failure = this.#failures.get(fn.$fn)
    if (failure && this.#clock.monotonic() < failure.retryAt) return { failed: failure.message }
    if (patience.over) return 'late'
    const answering = generation.threads.call(fn, { args }).then(read).then(answer => {
      this.#failures.delete(fn.$fn)
      return { answer }
    }, (error: unknown) => this.#fail(what, fn, error))
    return Promise.race([answering, patience.ended])
  }

  #fail(what: string, fn: FunctionRef, error: unknown): { failed: string } {
    const before = this.#failures.get(fn.$fn)
    const message = error instanceof Error ? error.message : String(error)
    const pauseMs = Math.min(before ? before.pauseMs * 2 : FIRST_PAUSE_MS, LONGEST_PAUSE_MS)
    this.#failures.set(fn.$fn, { message, pauseMs, retryAt: this.#clock.monotonic() + pauseMs })
    if (before?.message !== message) this.#logger.error({ function: what, err: error }, `${what} of the configuration failed: builds are chosen without it until it answers again`)
    return { failed: message }
  }
}
