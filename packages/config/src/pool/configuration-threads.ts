import type { FunctionInput, FunctionRef, Json, Result, StepInput } from '@yardmaster/domain'
import type { Timer } from '../host/evaluate.js'
import { SourcePositions } from '../host/source-positions.js'
import type { Thrown } from '../thread/messages.js'
import { FunctionFailed } from './errors.js'
import { LongSteps } from './long-steps.js'
import type { Perform } from './long-steps.js'
import { ShortCalls, type AnswerAsked } from './short-calls.js'

export type ConfigurationThreadsOptions = {
  /** The bundle's code. */
  bundle: string
  /** Of the runtime's Clock, only this is needed. */
  clock: { setTimeout: Timer }
  /** For a quick function to answer. */
  deadlineMs?: number
  /** For one that asks the outside world. */
  patienceMs?: number
  shortThreads?: number
  longThreads?: number
  loadDeadlineMs?: number
  idleMs?: number
  pingMs?: number
  unanswered?: number
  stopMs?: number
  /** A thread was ended or ended itself; `fn` is the function that it most likely was in. */
  onReplaced?: (event: { kind: 'short' | 'long'; reason: string; fn: string | null }) => void
  /** What the user's code prints. */
  onPrint?: (text: string) => void
}

/** Functions that wait for the outside world: how long for an answer, and how many at once. */
const PATIENCE_MS = 60_000
const PATIENT_THREADS = 4

/** A step that computes for seconds leaves the processor to the service first. */
const STEP_NICE = 5

/**
 * The functions of one generation, in threads of their own: a function that spins, throws, exits or eats memory costs its own call, and nothing
 * else. Threads start when they are first needed and end when they are not.
 */
export class ConfigurationThreads {
  private readonly short: ShortCalls
  private readonly patient: ShortCalls
  private readonly long: LongSteps
  private readonly patienceMs: number
  private readonly positions: SourcePositions

  constructor(options: ConfigurationThreadsOptions) {
    const { bundle: code, clock, deadlineMs = 250, shortThreads = 1, longThreads = 4, loadDeadlineMs = 10_000, idleMs = 60_000 } = options
    const { pingMs = 1_000, unanswered = 5, stopMs = 5_000, patienceMs = PATIENCE_MS, onReplaced, onPrint } = options
    this.positions = new SourcePositions(code)
    const common = {
      code, loadDeadlineMs, idleMs, resident: () => process.memoryUsage.rss(),
      timer: (fn: () => void, ms: number) => clock.setTimeout(fn, ms),
      failed: (fn: string, thrown: Thrown) => this.failed(fn, thrown),
      ...(onPrint ? { onPrint } : {}),
    }
    const replaced = (kind: 'short' | 'long') => (reason: string, fn: string | null): void => onReplaced?.({ kind, reason, fn })
    this.short = new ShortCalls({ ...common, nice: 0, deadlineMs, threads: shortThreads, onReplaced: replaced('short') })
    this.patient = new ShortCalls({ ...common, nice: 0, deadlineMs: patienceMs, threads: PATIENT_THREADS, onReplaced: replaced('short') })
    this.patienceMs = patienceMs
    this.long = new LongSteps({ ...common, nice: STEP_NICE, threads: longThreads, pingMs, unanswered, stopMs, onReplaced: replaced('long') })
  }

  /**
   * Calls a quick function: a renderer, a condition, a filter. Rejects with FunctionTimeout or FunctionFailed.
   * The answer may hold renderables that the function made with `util`.
   */
  call(fn: FunctionRef, input: FunctionInput): Promise<Json> {
    return this.short.call(fn, input)
  }

  /**
   * Calls a function that asks the outside world, such as a provider's: it has a minute, and is given a signal that says so. Rejects like `call`, and
   * when `signal` aborts; what the function said of its failure is in FunctionFailed.failure. `answer` is asked for what the function asks by its context.
   */
  callPatiently(fn: FunctionRef, input: Pick<FunctionInput, 'args' | 'context'>, signal: AbortSignal, answer?: AnswerAsked): Promise<Json> {
    return this.patient.call(fn, { ...input, deadlineMs: this.patienceMs }, signal, answer)
  }

  /**
   * Runs a custom step. `perform` does each effect, or answers it from the record, in any order; what it rejects with is thrown
   * inside the function. Rejects with FunctionFailed when the function throws, with ThreadReplaced when its thread is gone, with the signal's
   * reason when it was aborted and did not end by itself.
   */
  runStep(fn: FunctionRef, input: StepInput, perform: Perform, signal: AbortSignal): Promise<Result> {
    return this.long.run(fn, input, perform, signal)
  }

  /** Ends all threads; what still runs rejects. */
  close(): void {
    this.short.close()
    this.patient.close()
    this.long.close()
  }

  private failed(fn: string, thrown: Thrown): FunctionFailed {
    const position = this.positions.first(thrown.stack)
    const where = position ? ` (${position.file}:${position.line}:${position.column})` : ''
    return new FunctionFailed(fn, `${thrown.message}${where}`, this.positions.stack(thrown.stack), thrown.failure)
  }
}
