import type { Json, Result, StepEffect, StepEffectArgs, StepEffectKind, StepEffectOutcome, StepEffectOutcomes, StepInput } from '@yardmaster/domain'
import { parseDuration } from '../duration.js'
import type { Command, Duration } from '../vocabulary/values.js'
import { results } from '../vocabulary/step-context.js'
import type { CommandOptions, StepContext } from '../vocabulary/step-context.js'
import { answer, data } from './answer.js'

type Waiting = { resolve: (value: StepEffectOutcome) => void; reject: (error: Error) => void }

/** Effects whose failure nobody waits for: it fails the step itself. */
const unattended: readonly StepEffectKind[] = ['log', 'property', 'url', 'summary']

/** One running custom step: numbers its effects in the order of the calls, and takes in their outcomes. */
export class StepRun {
  private n = 0
  private readonly waiting = new Map<number, Waiting>()
  private readonly pending = new Set<Promise<unknown>>()
  private readonly abort = new AbortController()
  private readonly properties: { [name: string]: Json }
  private lines: { name: string; text: string } | undefined
  private lost: Error | undefined

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
    const n = ++this.n
    const outcome = new Promise<StepEffectOutcome>((resolve, reject) => this.waiting.set(n, { resolve, reject }))
    this.post({ n, kind, args } as StepEffect)
    this.pending.add(outcome)
    outcome.catch((error: Error) => { if (unattended.includes(kind)) this.lost ??= error }).finally(() => this.pending.delete(outcome))
    return outcome as Promise<StepEffectOutcomes[K]>
  }

  /** Lines that are written together become one effect: together means before the function waits or does something else. */
  private line(name: string, text: string): void {
    if (this.lines?.name !== name) this.flushLines()
    if (!this.lines) {
      this.lines = { name, text: '' }
      queueMicrotask(() => this.flushLines())
    }
    this.lines.text += text.endsWith('\n') ? text : `${text}\n`
  }

  private flushLines(): void {
    const lines = this.lines
    this.lines = undefined
    if (lines) void this.effect('log', lines)
  }

  private context(): StepContext {
    const { build, step, sourcestamps } = this.input
    const { properties } = this
    return {
      build, step, sourcestamps, properties, results, signal: this.abort.signal,
      property: name => (Object.hasOwn(properties, name) ? properties[name] ?? null : null),
      command: (command, options = {}) => this.effect('command', commandArgs(command, options)),
      log: (name = 'stdio') => ({ line: (text: unknown) => this.line(name, String(text)) }),
      print: (text: unknown) => this.line('stdio', String(text)),
      setProperty: (name, value, source = step.name) => {
        const plain = data(value, `ctx.setProperty('${name}')`)
        properties[name] = plain
        return done(this.effect('property', { name, value: plain, source }))
      },
      addURL: (name, url) => done(this.effect('url', { name, url })),
      summary: texts => done(this.effect('summary', texts)),
      secret: name => this.effect('secret', { name }),
      now: () => this.effect('time', {}),
      random: () => this.effect('random', {}),
    }
  }
}

/** Whoever does not await it must not bring the thread down: its failure fails the step anyway. */
function done(outcome: Promise<null>): Promise<void> {
  const ended = outcome.then(() => undefined)
  ended.catch(() => undefined)
  return ended
}

function commandArgs(command: Command, options: CommandOptions): StepEffectArgs['command'] {
  const seconds = (value: Duration | null, key: string): number | null => {
    const parsed = value === null ? null : parseDuration(value)
    if (parsed === undefined) throw new Error(`ctx.command: ${key} is ${JSON.stringify(value)}, expected seconds, or a text like '30s' or '10m'`)
    return parsed
  }
  const env = answer(options.env ?? {}, 'ctx.command env')
  return {
    command: answer(command, 'ctx.command'),
    env: env !== null && typeof env === 'object' && !Array.isArray(env) ? env : {},
    workdir: options.workdir ?? 'build',
    timeout: seconds(options.timeout === undefined ? 1200 : options.timeout, 'timeout'),
    maxTime: seconds(options.maxTime ?? null, 'maxTime'),
    log: options.log ?? 'stdio',
    logEnviron: options.logEnviron ?? true,
    usePTY: options.usePTY ?? false,
  }
}

function asResult(returned: unknown): Result {
  if (returned === undefined || returned === null) return results.SUCCESS
  const known = Object.values(results).find(result => result === returned)
  if (known === undefined) throw new Error(`the step returned ${JSON.stringify(returned)}: expected nothing, or one of ctx.results`)
  return known
}
