import type { Fact } from '@yardmaster/db'
import { render, type FunctionRef, type Json, type Properties, type Renderable, type RenderContext, type StepConfig } from '@yardmaster/domain'
import type { CommandSpec, Ended } from '@yardmaster/worker-protocol'
import type { RemoteCommand } from '../workers/remote-command.js'
import type { StepData } from './build-data.js'
import type { BuildRun } from './build-run.js'
import { runCommand, type CommandOptions, type CommandResult } from './command-effect.js'
import type { OwnWords } from './describe.js'
import { secretUsed } from './effects/record.js'
import { Journal, NotReplayable } from './journal.js'
import { LogWriter, logSlug } from './log-writer.js'

/** A command that was asked to stop and does not, is given up after this long. */
const INTERRUPT_DEADLINE_MS = 10_000

/** What one step sees of its build, and everything that it does to the world. */
export class StepContext {
  readonly run: BuildRun
  readonly config: StepConfig
  readonly data: StepData
  readonly journal: Journal
  /** Aborted when the step is to end. */
  readonly signal: AbortSignal
  /** What the step wants said of it. */
  summary: string | null = null
  /** What to say of the step when its configuration has no description. */
  fallbackText = 'finished'
  /** What it runs, in a few words, where that says more. */
  commandText: string | null = null
  timedOut = false
  /** An effect that could not be had, which the step's own code must not swallow. */
  failure: Error | null = null
  interrupted = false
  /** Its locks are to be given back with its end. */
  asksForLocks = false
  /** Sent, and not to be sent again: their answers are under way. */
  readonly requests = new Set<Promise<unknown>>()
  readonly #logs = new Map<string, Promise<LogWriter>>()
  readonly #slugs = new Set<string>()
  readonly #opened: LogWriter[] = []
  readonly #withEnd: Fact[] = []
  readonly #commands = new Set<RemoteCommand>()
  readonly #abort = new AbortController()
  #abandoned = false
  #urls: { name: string; url: string }[]

  constructor(run: BuildRun, config: StepConfig, data: StepData) {
    this.run = run
    this.config = config
    this.data = data
    this.journal = new Journal(data.journal)
    this.signal = this.#abort.signal
    this.#urls = data.urls
    for (const { id, name, slug, numLines, complete } of data.logs) {
      const writer = new LogWriter({ ref: { id, stepId: data.id, slug }, name, numLines, opened: true, finished: complete })
      this.#opened.push(writer)
      this.#slugs.add(slug)
      this.#logs.set(name, Promise.resolve(writer))
    }
  }

  /** The log of that name; opened by the first fact that names it. */
  log(name: string): Promise<LogWriter> {
    let log = this.#logs.get(name)
    if (!log) {
      const slug = logSlug(name, this.#slugs)
      this.#slugs.add(slug)
      log = this.run.parts.logIds.take().then(id => {
        const writer = new LogWriter({ ref: { id, stepId: this.data.id, slug }, name, numLines: 0, opened: false, finished: false })
        this.#opened.push(writer)
        return writer
      })
      this.#logs.set(name, log)
    }
    return log
  }

  get ownWords(): OwnWords {
    return { command: this.commandText, otherwise: this.fallbackText, timedOut: this.timedOut }
  }

  /** To be committed with the step's end, once: what comes before it, a replay does again. */
  atEnd(facts: Fact[]): void {
    this.#withEnd.push(...facts)
  }

  get endFacts(): Fact[] {
    return this.#withEnd
  }

  closeLogs(): Fact[] {
    return this.#opened.flatMap(log => log.finish())
  }

  /** Whatever was said of them before: that may have been refused. */
  closeAllLogs(): Fact[] {
    return this.#opened.map(({ ref }) => ({ kind: 'log-finished', log: ref }))
  }

  /** Renders with this build's properties, sourcestamps and secrets. */
  render(value: Renderable): Promise<Json> {
    const context: RenderContext = { ...this.run.view(), worker: this.run.session.info, secret: name => this.#secret(name), call: fn => this.call(fn, []) }
    return render(value, context)
  }

  /** One that the configuration does not name is written down: whoever drives the build on has to mask it. */
  #secret(name: string): string | undefined {
    const known = this.run.mask.has(name)
    const value = this.run.secret(name)
    if (value === undefined || known) return value
    this.run.asked.add(name, value)
    void this.run.write(secretUsed(this, this.journal.nextSecret(), name)).catch(() => {})
    return value
  }

  /** A user's function, in its thread. */
  call(fn: FunctionRef, args: Json[]): Promise<Json> {
    return this.run.data.generation.threads.call(fn, { args, view: this.run.view() })
  }

  async command(spec: CommandSpec, options: CommandOptions = {}): Promise<CommandResult> {
    return runCommand(this, spec, options)
  }

  /** Runs it while keeping it within reach of an interrupt. */
  async onWorker(command: RemoteCommand): Promise<Ended> {
    if (this.#abandoned) this.signal.throwIfAborted()
    this.#commands.add(command)
    if (this.signal.aborted) this.#interruptCommand(command, 'the step was interrupted')
    try {
      return await this.run.session.run(command)
    } finally {
      this.#commands.delete(command)
    }
  }

  /** A secret in a value is masked for whoever reads the property, steps included: it is shown to people. */
  setProperties(properties: Properties): Fact {
    const masked: Properties = Object.fromEntries(Object.entries(properties).map(([name, [value, source]]) => [name, [this.run.mask.json(value), source]]))
    this.run.properties = { ...this.run.properties, ...masked }
    return { kind: 'build-updated', properties: masked }
  }

  hasUrl(name: string): boolean {
    return this.#urls.some(known => known.name === name)
  }

  addUrl(name: string, url: string): Fact {
    this.#urls = [...this.#urls.filter(known => known.name !== name), { name, url }]
    return { kind: 'step-updated', step: { id: this.data.id, number: this.data.number }, urls: this.#urls }
  }

  /** Nothing that the step still does counts: what is under way is ended, and the step ends with this error. */
  fail(error: Error): void {
    this.failure ??= error
    this.journal.fail(error)
    if (this.signal.aborted) return
    this.#abort.abort(error)
    for (const command of this.#commands) {
      if (error instanceof NotReplayable) this.run.session.kill(command, error.message)
      else this.#interruptCommand(command, error.message)
    }
  }

  interrupt(why: string): void {
    this.interrupted = true
    this.#abort.abort(new Error(why))
    for (const command of this.#commands) this.#interruptCommand(command, why)
  }

  /** The step is over: what it had begun before a replay that did not come so far does not go on beside the next one. */
  endWhatIsLeft(): void {
    for (const n of this.journal.leftOnWorker()) this.run.session.giveUp(`${this.run.commandPrefix}${this.data.number}/${n}`)
  }

  abandon(): void {
    this.#abandoned = true
    this.#abort.abort(new Error('the build is another engine\'s'))
    for (const command of this.#commands) command.lose('the build is another engine\'s')
  }

  /** The error as people see it, in a log of its own (Buildbot's err.text). */
  async reportError(error: unknown): Promise<void> {
    const text = this.run.mask.text(error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll('\0', '')
    this.summary ??= this.run.mask.text(error instanceof Error ? error.message : String(error)).replaceAll('\0', '').split('\n')[0]!.slice(0, 200)
    const log = await this.log('err.text')
    const lines = text.replace(/\n*$/, '\n')
    this.atEnd([...log.open(), log.append(lines.split('\n').length - 1, Buffer.from(lines))])
  }

  #interruptCommand(command: RemoteCommand, why: string): void {
    const { session, parts } = this.run
    session.interrupt(command, why)
    // A worker that is away cannot answer; it is told when it comes back.
    if (session.away) return session.kill(command, 'the worker is away')
    const cancel = parts.clock.setTimeout(() => session.kill(command, `the command did not end within ${INTERRUPT_DEADLINE_MS} ms of its interrupt`), INTERRUPT_DEADLINE_MS)
    command.ended.then(cancel, cancel)
  }
}
