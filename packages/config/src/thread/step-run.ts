import { AsyncLocalStorage } from 'node:async_hooks'
import { worstResult } from '@yardmaster/domain'
import type { HttpOutcome, Json, OnceAnswer, Result, StepEffect, StepEffectArgs, StepEffectKind, StepEffectOutcome, StepEffectOutcomes, StepInput, UploadArgs, Uploaded } from '@yardmaster/domain'
import { results } from '../vocabulary/step-context.js'
import type { HttpResponse, StepContext, Triggered, TriggerOptions } from '../vocabulary/step-context.js'
import { data, thrown } from './answer.js'
import { commandArgs, httpArgs, summaryArgs, text, triggerArgs, uploadArgs } from './step-arguments.js'
import { buildDataArgs, testResultSetArgs } from './step-results.js'
import { workerFiles } from './worker-files.js'

type Waiting = { resolve: (value: StepEffectOutcome) => void; reject: (error: Error) => void }

/** Effects whose failure nobody waits for: it fails the step itself. */
const unattended: readonly StepEffectKind[] = ['log', 'property', 'url', 'summary', 'buildData', 'testResultSet']

/** A step that asks for more at once, without waiting for any of it, would fill the engine's memory. */
const MOST_AT_ONCE = 1_000
const MOST_BYTES_AT_ONCE = 16 * 1024 * 1024
/** Lines are passed on when they are so many, though the function does not wait. */
const LINES_BYTES = 256 * 1024
/** All are in the journal, and are read again for a replay. */
const MOST_EFFECTS = 100_000

/** One running custom step: numbers its effects in the order of the calls, and takes in their outcomes. */
export class StepRun {
  private n = 0
  private readonly waiting = new Map<number, Waiting>()
  private readonly pending = new Set<Promise<unknown>>()
  private readonly abort = new AbortController()
  private readonly properties: { [name: string]: Json }
  private lines: { name: string; text: string } | undefined
  private lost: Error | undefined
  private bytesUnderWay = 0
  /** The name of the `once` whose function is running here. */
  private readonly inside = new AsyncLocalStorage<string>()

  constructor(private readonly input: StepInput, private readonly post: (effect: StepEffect) => void) {
    this.properties = Object.fromEntries(Object.entries(input.properties).map(([name, [value]]) => [name, value]))
  }

  /** Ends when the function and all that it asked for have ended. */
  async run(step: (ctx: StepContext) => unknown): Promise<Result> {
    const returned = await step(this.context())
    this.flushLines()
    while (this.pending.size > 0) await Promise.allSettled(this.pending)
    if (this.lost) throw this.lost
    return asResult(returned)
  }

  settle(n: number, outcome: StepEffectOutcome): void {
    this.take(n)?.resolve(outcome)
  }

  refuse(n: number, message: string): void {
    this.take(n)?.reject(new Error(message))
  }

  stop(reason: string): void {
    this.abort.abort(new Error(reason))
  }

  private take(n: number): Waiting | undefined {
    const waiting = this.waiting.get(n)
    this.waiting.delete(n)
    return waiting
  }

  private effect<K extends StepEffectKind>(kind: K, args: StepEffectArgs[K]): Promise<StepEffectOutcomes[K]> {
    this.flushLines()
    return this.ask(++this.n, kind, args)
  }

  private ask<K extends StepEffectKind>(n: number, kind: K, args: StepEffectArgs[K]): Promise<StepEffectOutcomes[K]> {
    const bytes = bytesOf(kind, args)
    this.bytesUnderWay += bytes
    this.checkBounds(kind)
    const outcome = new Promise<StepEffectOutcome>((resolve, reject) => this.waiting.set(n, { resolve, reject }))
    this.post({ n, kind, args } as StepEffect)
    this.pending.add(outcome)
    outcome.catch((error: Error) => { if (unattended.includes(kind)) this.lost ??= error }).finally(() => {
      this.pending.delete(outcome)
      this.bytesUnderWay -= bytes
    })
    return outcome as Promise<StepEffectOutcomes[K]>
  }

  private checkBounds(kind: StepEffectKind): void {
    this.checkOutside(kind)
    if (this.waiting.size >= MOST_AT_ONCE) throw this.fatal(`the step does more than ${MOST_AT_ONCE} things at once: let it wait for some of them`)
    if (this.bytesUnderWay > MOST_BYTES_AT_ONCE) throw this.fatal(`the step prints or keeps more than can be written, ${MOST_BYTES_AT_ONCE / 1024 / 1024} MiB are waiting: let it wait between, as with await ctx.now()`)
    if (this.n > MOST_EFFECTS) throw this.fatal(`the step does more than ${MOST_EFFECTS} things: let a command on the worker do them`)
  }

  private checkOutside(what: string): void {
    const within = this.inside.getStore()
    if (within !== undefined) throw this.fatal(`ctx.once('${within}'): its function uses ctx (${what}), which a replay would not see again: use it before or after`)
  }

  /** Also when the function catches it. */
  private fatal(message: string): Error {
    const error = new Error(message)
    this.lost ??= error
    return error
  }

  /** Lines that are written together become one effect: together means before the function waits or does something else. */
  private line(name: string, text: string): void {
    this.checkOutside('log')
    if (this.lines?.name !== name) this.flushLines()
    if (!this.lines) {
      this.lines = { name, text: '' }
      queueMicrotask(() => this.flushSafely())
    }
    this.lines.text += text.endsWith('\n') ? text : `${text}\n`
    if (this.lines.text.length >= LINES_BYTES) this.flushLines()
  }

  private flushLines(): void {
    const lines = this.lines
    this.lines = undefined
    if (lines) void this.effect('log', lines)
  }

  /** Outside of the function's own calls: there is nobody to throw at, but the step's end. */
  private flushSafely(): void {
    try {
      this.flushLines()
    } catch {
      // It is `lost`.
    }
  }

  /** Its start is journaled before it is run, and its end before its answer is seen. */
  private async once<T>(name: string, fn: () => Promise<T> | T, idempotent: boolean): Promise<T> {
    this.checkOutside('once')
    this.flushLines()
    const n = ++this.n
    const { known } = await this.ask(n, 'once', { name, idempotent })
    const answered = known ?? await this.inside.run(name, () => onceAnswer(name, fn))
    if (!known) await this.ask(n, 'onceEnded', answered)
    if (!answered.ok) throw new Error(answered.message)
    return answered.value as T
  }

  private async http(request: Parameters<StepContext['http']>[0]): Promise<HttpResponse> {
    return response(await this.effect('http', httpArgs(request)))
  }

  /** Both numbers are taken at the call. */
  private async trigger(options: TriggerOptions): Promise<Triggered> {
    const args = triggerArgs(options)
    this.flushLines()
    const n = ++this.n
    if (args.waitForFinish) this.n++
    const buildsets = (await this.ask(n, 'trigger', args)).map(({ buildset }) => buildset)
    const builds = args.waitForFinish ? await this.ask(n + 1, 'triggerEnded', { buildsets }) : []
    return { buildsets, builds, results: args.waitForFinish ? builds.map(build => build.results).reduce(worstResult, results.SKIPPED) : null }
  }

  private async upload(args: UploadArgs): Promise<Uploaded> {
    const outcome = await this.effect('upload', args)
    if (!outcome.ok) throw new Error(`ctx.upload('${args.path}'): ${outcome.reason}`)
    return outcome.artifact
  }

  private context(): StepContext {
    const { build, step, sourcestamps } = this.input
    const { properties } = this
    return {
      build, step, sourcestamps, properties, results, signal: this.abort.signal,
      property: name => (Object.hasOwn(properties, name) ? properties[name] ?? null : null),
      command: (command, options = {}) => this.effect('command', commandArgs(command, options)),
      log: (name = 'stdio') => {
        const log = text(name, 'ctx.log: name')
        return { line: (line: unknown) => this.line(log, String(line)) }
      },
      print: (line: unknown) => this.line('stdio', String(line)),
      setProperty: (name, value, source = step.name) => {
        const plain = data(value, `ctx.setProperty('${text(name, 'ctx.setProperty: name')}')`)
        properties[name] = plain
        return done(this.effect('property', { name, value: plain, source }))
      },
      addURL: (name, url) => done(this.effect('url', { name: text(name, 'ctx.addURL: name'), url: text(url, 'ctx.addURL: url') })),
      setBuildData: (name, value, source = step.name) => done(this.effect('buildData', buildDataArgs(name, value, source))),
      addTestResultSet: options => done(this.effect('testResultSet', testResultSetArgs(options))),
      summary: texts => done(this.effect('summary', summaryArgs(texts))),
      secret: name => this.effect('secret', { name }),
      worker: workerFiles(args => this.effect('file', args)),
      http: request => this.http(request),
      upload: (path, options = {}) => this.upload(uploadArgs(path, options)),
      once: (name, fn, options = {}) => this.once(text(name, 'ctx.once: name'), fn, options.idempotent ?? false),
      trigger: options => this.trigger(options),
      now: () => this.effect('time', {}),
      random: () => this.effect('random', {}),
    }
  }
}

/** What fills the memory when it waits to be written. */
function bytesOf<K extends StepEffectKind>(kind: K, args: StepEffectArgs[K]): number {
  if (kind === 'log') return (args as StepEffectArgs['log']).text.length
  if (kind === 'buildData') return (args as StepEffectArgs['buildData']).value.length
  return kind === 'testResultSet' ? JSON.stringify(args).length : 0
}

/** Whoever does not await it must not bring the thread down: its failure fails the step anyway. */
function done(outcome: Promise<null>): Promise<void> {
  const ended = outcome.then(() => undefined)
  ended.catch(() => undefined)
  return ended
}

async function onceAnswer(name: string, fn: () => unknown): Promise<OnceAnswer> {
  try {
    return { ok: true, value: data(await fn(), `ctx.once('${name}')`) }
  } catch (error) {
    return { ok: false, message: thrown(error).message }
  }
}

function response(outcome: HttpOutcome): HttpResponse {
  if ('error' in outcome) throw new Error(`ctx.http: ${outcome.error}`)
  const { status, headers, url, body, truncated } = outcome
  return {
    status, headers, url, body, truncated, ok: status >= 200 && status < 300,
    json() {
      if (truncated) throw new Error('ctx.http: the answer is longer than 1 MiB, so it is cut and no JSON')
      return JSON.parse(body) as Json
    },
  }
}

function asResult(returned: unknown): Result {
  if (returned === undefined || returned === null) return results.SUCCESS
  const known = Object.values(results).find(result => result === returned)
  if (known === undefined) throw new Error(`the step returned ${JSON.stringify(returned)}: expected nothing, or one of ctx.results`)
  return known
}
