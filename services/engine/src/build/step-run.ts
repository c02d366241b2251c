import type { Fact } from '@yardmaster/db'
import { ThreadReplaced } from '@yardmaster/replica'
import { CANCELLED, EXCEPTION, RETRY, SKIPPED, type FunctionRef, type Json, type Result, type StepConfig, type WorkerLoss } from '@yardmaster/domain'
import { CommandLost } from '../workers/remote-command.js'
import { WorkerTrouble } from '../workers/worker-trouble.js'
import type { BuildRun } from './build-run.js'
import type { StepData } from './build-data.js'
import { descriptionText, doneText, runningText, type Descriptions } from './describe.js'
import { NotReplayable } from './journal.js'
import { StepContext } from './step-context.js'
import { takeStepLocks } from './step-locks.js'
import { runStepKind } from './steps/index.js'

/** One step of a build, from its start (or where a dead engine left it) to its result. */
export class StepRun {
  /** Why the worker is lost to this build, once it is. */
  lostWhy: string | null = null
  /** How, if it was by the loss of a command. */
  lost: { how: WorkerLoss; why: string } | null = null
  /** What the worker's machine could not do. */
  trouble: string | null = null
  readonly #run: BuildRun
  readonly #config: StepConfig
  readonly #data: StepData
  readonly #context: StepContext

  constructor(run: BuildRun, config: StepConfig, data: StepData) {
    this.#run = run
    this.#config = config
    this.#data = data
    this.#context = new StepContext(run, config, data)
  }

  interrupt(why: string): void {
    this.#context.interrupt(why)
  }

  abandon(): void {
    this.#context.abandon()
  }

  async execute(): Promise<Result> {
    const description = await this.#guard(() => this.#begin())
    if (typeof description === 'number') return this.#end(description, null)
    const outcome = await this.#guard(() => runStepKind(this.#context, this.#config))
    const result = typeof outcome === 'number' ? outcome : outcome.result
    return this.#end(this.#context.interrupted ? CANCELLED : result, description)
  }

  /** What closes the step's rows when the build is ended over its head. */
  closingFacts(result: Result): Fact[] {
    return [...this.#context.closeAllLogs(), { kind: 'step-updated', step: this.#ref, finished: result }]
  }

  get #ref() {
    return { id: this.#data.id, number: this.#data.number }
  }

  /** SKIPPED when doStepIf says so; else the step has its locks and is started, with its text. */
  async #begin(): Promise<Result | Descriptions> {
    if (!await this.#condition(this.#config.doStepIf, [])) return SKIPPED
    const { description, descriptionDone, descriptionSuffix } = this.#config
    const [running, done, suffix] = await Promise.all([description, descriptionDone, descriptionSuffix].map(text => this.#context.render(text)))
    const descriptions = { running: descriptionText(running!), done: descriptionText(done!), suffix: descriptionText(suffix!) }
    await takeStepLocks(this.#context, this.#config)
    // Not awaited: what the step does first is committed with it.
    if (!this.#data.startedAt) void this.#run.write([{ kind: 'step-updated', step: this.#ref, started: true, stateString: runningText(descriptions, 'running') }]).catch(() => {})
    return descriptions
  }

  #giveBack(): Fact[] {
    return this.#context.asksForLocks ? [{ kind: 'locks-released', step: this.#data.number }] : []
  }

  async #condition(condition: boolean | FunctionRef, args: Json[]): Promise<boolean> {
    return typeof condition === 'boolean' ? condition : Boolean(await this.#context.call(condition, args))
  }

  /** Whatever goes wrong in a step is the step's result: an exception of the user's code, a lost worker, a replay that went elsewhere. */
  async #guard<T>(work: () => Promise<T>): Promise<T | Result> {
    try {
      const outcome = await work()
      if (this.#context.failure) throw this.#context.failure
      return outcome
    } catch (caught) {
      const error = this.#context.failure ?? caught
      if (this.#context.interrupted) return CANCELLED
      // Another step kept the thread busy: this one is replayed, its journal answers for what it has done.
      if (error instanceof ThreadReplaced && !error.suspect && this.#run.replay()) return RETRY
      if (error instanceof CommandLost || error instanceof NotReplayable) {
        this.lostWhy = error.message
        if (error instanceof CommandLost) this.lost = { how: error.how, why: error.message }
        return RETRY
      }
      if (error instanceof WorkerTrouble) this.trouble = error.message
      await this.#context.reportError(error)
      return EXCEPTION
    }
  }

  async #end(result: Result, descriptions: Descriptions | null): Promise<Result> {
    const hidden = await this.#condition(this.#config.hideStepIf, [result]).catch((error: unknown) => this.#context.reportError(error).then(() => false))
    const text = this.#context.summary ?? (descriptions ? doneText(descriptions, this.#context.ownWords, result) : 'skipped')
    this.#run.once.clear()
    if (!this.#run.abandoned) this.#context.endWhatIsLeft()
    const { endFacts } = this.#context
    const written = this.#run.write([
      ...endFacts,
      ...this.#context.closeLogs(),
      { kind: 'step-updated', step: this.#ref, started: true, finished: result, stateString: text, hidden },
      ...this.#giveBack(),
    ])
    // Else not awaited: the next step's start, or the build's end, is committed with it or after it. What users say may be refused.
    if (endFacts.length > 0) await written
    else written.catch(() => {})
    return result
  }
}
