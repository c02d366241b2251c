import { FactRefused, SessionLost, type Fact } from '@yardmaster/db'
import { afterStep, buildStart, CANCELLED, contribution, EXCEPTION, interrupted, nextStep, RETRY, type BuildProgress, type BuildView, type Properties, type Result, type StepConfig, workerFault } from '@yardmaster/domain'
import { ReplicaBuried } from '@yardmaster/runtime'
import type { WorkerSession } from '../workers/worker-session.js'
import type { BuildData, StepData } from './build-data.js'
import { buildSummary } from './describe.js'
import type { EngineParts } from './engine-parts.js'
import { Mask } from './mask.js'
import { OnceEffects } from './once-effects.js'
import { secretsUsed } from './secrets-used.js'
import { StepRun } from './step-run.js'

/** Drives one build from where its rows stand to its end: at once after its claim, or after another engine's death. */
export class BuildRun {
  readonly data: BuildData
  readonly session: WorkerSession
  readonly parts: EngineParts
  readonly mask = new Mask()
  readonly once: OnceEffects
  /** The secrets that steps have asked for so far, also in a replay: what an effect is told from others by must not depend on what came after it. */
  readonly asked = new Mask()
  properties: Properties
  /** What steps want said of the build. */
  summary: string | null
  #progress: BuildProgress = buildStart
  #worst: { step: string; result: Result } | null = null
  /** Those that this run has begun; the last one is under way. */
  readonly #begun: StepRun[] = []
  #stopReason: string | null
  /** How often it was asked to stop. */
  #stops: number
  #abandoned = false
  #mayReplay = false
  #lastWrite: Promise<void> = Promise.resolve()
  /** The run was given up to be begun again from the rows. */
  replayWanted = false
  /** The end of the build is committed. */
  ended = false
  #refused: FactRefused | null = null

  constructor(parts: EngineParts, data: BuildData, session: WorkerSession) {
    this.parts = parts
    this.data = data
    this.session = session
    this.once = new OnceEffects(parts.clock)
    this.properties = data.properties
    this.summary = summaryOf(data.steps)
    this.#stopReason = data.stopReason
    this.#stops = data.stopReason === null ? 0 : 1
    this.#maskUsed()
  }

  /** From the start, so that a replay shows nothing of what was used before it. */
  #maskUsed(): void {
    const { builder, steps } = this.data
    const before = new Set(secretsUsed({ builder, steps: steps.filter(step => step.results !== null) }))
    for (const name of secretsUsed({ builder, steps })) {
      try {
        const value = this.secret(name)
        if (value !== undefined && before.has(name)) this.asked.add(name, value)
      } catch {
        // The step that uses it fails with the reason.
      }
    }
  }

  get stopped(): boolean {
    return this.#stopReason !== null
  }

  get mayReplay(): boolean {
    return this.#mayReplay
  }

  /** It is another run's, or another engine's. */
  get abandoned(): boolean {
    return this.#abandoned
  }

  /** Commands of this build have ids that begin so. */
  get commandPrefix(): string {
    return `${this.parts.installation}/${this.data.ref.id}/`
  }

  /** The build ends CANCELLED: the step under way is interrupted, and only alwaysRun steps still run; asked again, what runs then is interrupted too. */
  stop(reason: string, times = 1): void {
    if (times <= this.#stops) return
    this.#stops = times
    this.#stopReason ??= reason
    this.#begun.at(-1)?.interrupt(reason)
  }

  /** The build is another engine's: nothing more is done or written here. */
  abandon(): void {
    this.#abandoned = true
    this.#begun.at(-1)?.abandon()
  }

  /** The worker is to be let go: the build ends over the head of what runs, RETRY unless it was to stop anyway, and is given to another worker. */
  async giveBack(why: string): Promise<void> {
    if (this.#abandoned) return
    const result = this.stopped ? CANCELLED : RETRY
    const written = this.#end(result, why, this.#begun.flatMap(step => step.closingFacts(result)))
    this.abandon()
    await written
  }

  /** Gives the run up, to be begun again from the rows; false when that has been tried often enough. */
  replay(): boolean {
    if (!this.#mayReplay) return false
    this.replayWanted = true
    this.abandon()
    return true
  }

  /** Resolves when nothing that this run has written waits for its commit. */
  settled(): Promise<void> {
    return this.#lastWrite
  }

  /** From its first use on the secret is masked in whatever the build prints or says. */
  secret(name: string): string | undefined {
    const value = this.parts.secrets.get(name)
    if (value !== undefined) this.mask.add(name, value)
    return value
  }

  /** Writes facts with the next group commit. A failure ends the run; whoever awaits the answer hears of it too. */
  write(facts: Fact[]): Promise<void> {
    if (this.#abandoned) return Promise.reject(new SessionLost(`build ${this.data.ref.id} is not driven here any more`))
    const written = this.parts.commit.submit({ session: this.session, build: this.data.ref, facts: facts.map(fact => this.mask.fact(fact)) })
    this.#lastWrite = written.catch((error: unknown) => this.#onRefusal(error))
    return written
  }

  /** What users' functions may know of the build. */
  view(): BuildView {
    const { ref, builder, sourcestamps, requestId, reason } = this.data
    return {
      properties: this.properties,
      sourcestamps,
      build: { id: ref.id, number: ref.number, builder: builder.name, worker: this.session.name, buildset: ref.buildsetId, buildrequest: requestId, reason },
    }
  }

  /** Resolves when the build has ended, or is not ours any more. */
  async drive(mayReplay: boolean): Promise<void> {
    this.#mayReplay = mayReplay
    try {
      const lost = await this.#runSteps()
      if (!this.#abandoned) await this.#finish(lost)
    } catch (error) {
      if (this.#abandoned) return
      if (!this.#refused) this.parts.logger.error({ err: error, build: this.data.ref.id }, 'driving a build failed')
      const why = this.#refused ? `its facts cannot be stored: ${this.#refused.message}` : `internal error: ${error instanceof Error ? error.message : String(error)}`
      await this.#end(EXCEPTION, why, this.#begun.flatMap(step => step.closingFacts(EXCEPTION))).catch((again: unknown) => {
        if (!this.#abandoned) this.parts.logger.error({ err: again, build: this.data.ref.id }, 'a failed build could not be ended')
      })
    }
  }

  /** Runs what is left; returns why the worker was lost, if it was. */
  async #runSteps(): Promise<string | null> {
    const { steps } = this.data.builder
    if (this.stopped) this.#progress = interrupted(this.#progress, CANCELLED)
    // What was begun before a replay is taken to its end, also when the build is to stop.
    const due = steps.map((step, at) => ({ alwaysRun: step.alwaysRun || begun(this.data.steps[at]!) }))
    for (let at = nextStep(this.#progress, due, 0); at !== undefined; at = nextStep(this.#progress, due, at + 1)) {
      const config = steps[at]!
      const row = this.data.steps[at]!
      const result = row.results ?? await this.#runStep(config, row)
      if (this.#abandoned) return null
      if (this.#refused) throw this.#refused
      this.#note(config.name, contribution(config, result))
      this.#progress = afterStep(this.#progress, config, result)
      if (this.stopped) this.#progress = interrupted(this.#progress, CANCELLED)
      const lost = row.results === null ? this.#begun.at(-1)!.lostWhy : null
      if (lost !== null) return lost
    }
    return null
  }

  #runStep(config: StepConfig, row: StepData): Promise<Result> {
    const step = new StepRun(this, config, row)
    this.#begun.push(step)
    if (this.#stopReason !== null && !config.alwaysRun) step.interrupt(this.#stopReason)
    return step.execute()
  }

  #note(step: string, result: Result): void {
    if (buildSummary.severity(result) > (this.#worst ? buildSummary.severity(this.#worst.result) : 0)) this.#worst = { step, result }
  }

  #finish(lost: string | null): Promise<void> {
    const result = this.#progress.result
    const text = lost ?? (this.stopped ? `stopped: ${this.#stopReason || 'no reason given'}` : this.summary ?? buildSummary.text(result, this.#worst?.step ?? null))
    return this.#end(result, text, [])
  }

  async #end(results: Result, stateString: string, facts: Fact[]): Promise<void> {
    await this.write([...facts, { kind: 'build-finished', results, stateString: storable(stateString), workerFault: this.#workerFault(results) }])
    this.ended = true
  }

  #workerFault(results: Result): string | null {
    return workerFault({ results, lost: this.#begun.at(-1)?.lost ?? null, trouble: this.#begun.find(step => step.trouble !== null)?.trouble ?? null })
  }

  #onRefusal(error: unknown): void {
    if (error instanceof SessionLost || error instanceof ReplicaBuried) return this.abandon()
    if (error instanceof FactRefused && !this.#refused) {
      this.#refused = error
      this.#begun.at(-1)?.interrupt('its facts cannot be stored')
    }
  }
}

/** The last that steps which are done wanted said of the build. */
function summaryOf(steps: StepData[]): string | null {
  const said = steps.filter(({ results }) => results !== null).flatMap(({ journal }) => journal.filter(({ kind, outcome }) => kind === 'summary' && outcome !== null))
  return said.length > 0 ? String(said.at(-1)!.outcome) : null
}

function begun({ startedAt, results }: StepData): boolean {
  return startedAt || results !== null
}

/** A state string is told of whatever went wrong, so it must always be storable. */
function storable(text: string): string {
  return text.replaceAll('\0', '').slice(0, 1000)
}
