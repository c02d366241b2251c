import { FactRefused, SessionLost, type Fact } from '@yardmaster/db'
import { afterStep, buildStart, CANCELLED, EXCEPTION, interrupted, nextStep, RETRY, type BuildProgress, type BuildView, type Properties, type Result } from '@yardmaster/domain'
import { ReplicaBuried } from '@yardmaster/runtime'
import type { WorkerSession } from '../workers/worker-session.js'
import type { BuildData } from './build-data.js'
import { buildSummary } from './describe.js'
import type { EngineParts } from './engine-parts.js'
import { Mask } from './mask.js'
import { StepRun } from './step-run.js'

/** Drives one build from where its rows stand to its end: at once after its claim, or after another engine's death. */
export class BuildRun {
  readonly data: BuildData
  readonly session: WorkerSession
  readonly parts: EngineParts
  readonly mask = new Mask()
  properties: Properties
  /** What steps want said of the build. */
  summary: string | null = null
  #progress: BuildProgress = buildStart
  #worst: { step: string; result: Result } | null = null
  #step: StepRun | null = null
  #stopReason: string | null
  #abandoned = false
  #refused: FactRefused | null = null

  constructor(parts: EngineParts, data: BuildData, session: WorkerSession) {
    this.parts = parts
    this.data = data
    this.session = session
    this.properties = data.properties
    this.#stopReason = data.stopReason
  }

  get stopped(): boolean {
    return this.#stopReason !== null
  }

  /** Commands of this build have ids that begin so. */
  get commandPrefix(): string {
    return `${this.parts.installation}/${this.data.ref.id}/`
  }

  /** The build ends CANCELLED: the step under way is interrupted, and only alwaysRun steps still run. */
  stop(reason: string): void {
    if (this.stopped) return
    this.#stopReason = reason
    this.#step?.interrupt(reason)
  }

  /** The build is another engine's: nothing more is done or written here. */
  abandon(): void {
    this.#abandoned = true
    this.#step?.abandon()
  }

  /** Writes facts with the next group commit. A failure ends the run; whoever awaits the answer hears of it too. */
  write(facts: Fact[]): Promise<void> {
    const written = this.parts.commit.submit({ session: this.session, build: this.data.ref, facts })
    written.catch((error: unknown) => this.#onRefusal(error))
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
  async drive(): Promise<void> {
    try {
      const lost = await this.#runSteps()
      if (!this.#abandoned) await this.#finish(lost)
    } catch (error) {
      if (this.#abandoned) return
      if (!this.#refused) this.parts.logger.error({ err: error, build: this.data.ref.id }, 'driving a build failed')
      const why = this.#refused ? `its facts cannot be stored: ${this.#refused.message}` : `internal error: ${error instanceof Error ? error.message : String(error)}`
      await this.#end(EXCEPTION, why, this.#step?.closingFacts(EXCEPTION) ?? []).catch((again: unknown) => {
        if (!this.#abandoned) this.parts.logger.error({ err: again, build: this.data.ref.id }, 'a failed build could not be ended')
      })
    }
  }

  /** Runs what is left; returns why the worker was lost, if it was. */
  async #runSteps(): Promise<string | null> {
    const { steps } = this.data.builder
    if (this.stopped) this.#progress = interrupted(this.#progress, CANCELLED)
    for (let at = nextStep(this.#progress, steps, 0); at !== undefined; at = nextStep(this.#progress, steps, at + 1)) {
      const config = steps[at]!
      const row = this.data.steps[at]!
      const step = new StepRun(this, config, row)
      this.#step = step
      const result = row.results ?? await step.execute()
      if (this.#abandoned) return null
      if (this.#refused) throw this.#refused
      this.#note(config.name, result)
      this.#progress = afterStep(this.#progress, config, result)
      if (this.stopped) this.#progress = interrupted(this.#progress, CANCELLED)
      if (result === RETRY && step.lostWhy !== null) return step.lostWhy
    }
    return null
  }

  #note(step: string, result: Result): void {
    const contribution = buildSummary.severity(result)
    if (contribution > (this.#worst ? buildSummary.severity(this.#worst.result) : 0)) this.#worst = { step, result }
  }

  #finish(lost: string | null): Promise<void> {
    const result = this.#progress.result
    const text = lost ?? (this.stopped ? `stopped: ${this.#stopReason || 'no reason given'}` : this.summary ?? buildSummary.text(result, this.#worst?.step ?? null))
    return this.#end(result, text, [])
  }

  #end(results: Result, stateString: string, facts: Fact[]): Promise<void> {
    return this.write([...facts, { kind: 'build-finished', results, stateString: storable(stateString) }])
  }

  #onRefusal(error: unknown): void {
    if (error instanceof SessionLost || error instanceof ReplicaBuried) return this.abandon()
    if (error instanceof FactRefused && !this.#refused) {
      this.#refused = error
      this.#step?.interrupt('its facts cannot be stored')
    }
  }
}

/** A state string is told of whatever went wrong, so it must always be storable. */
function storable(text: string): string {
  return text.replaceAll('\0', '').slice(0, 1000)
}
