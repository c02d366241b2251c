import { uploadDefaults, type HttpArgs, type Json, type Renderable, type StepEffectArgs, type TriggerArgs, type UploadArgs } from '@yardmaster/domain'
import { parseDuration } from '../duration.js'
import type { CommandOptions, HttpRequest, TriggerOptions, UploadFileOptions } from '../vocabulary/step-context.js'
import type { Command, Duration } from '../vocabulary/values.js'
import { answer, data } from './answer.js'

/** What a step's function passes on, as the data of an effect. Each throws when it is something else. */

export function commandArgs(command: Command, options: CommandOptions): StepEffectArgs['command'] {
  return {
    command: answer(command, 'ctx.command'),
    env: record(options.env ?? {}, 'ctx.command: env'),
    workdir: options.workdir ?? 'build',
    timeout: seconds(options.timeout === undefined ? 1200 : options.timeout, 'ctx.command: timeout'),
    maxTime: seconds(options.maxTime ?? null, 'ctx.command: maxTime'),
    log: options.log ?? 'stdio',
    logEnviron: options.logEnviron ?? true,
    usePTY: options.usePTY ?? false,
  }
}

const DEFAULT_HTTP_SECONDS = 30

export function httpArgs(given: HttpRequest | string): HttpArgs {
  const request = typeof given === 'string' ? { url: given } : given
  const method = text(request.method ?? 'GET', 'ctx.http: method').toUpperCase()
  if (request.body !== undefined && request.json !== undefined) throw new Error('ctx.http: both body and json are given, expected one of them')
  const body: Renderable = request.json === undefined ? answer(request.body ?? null, 'ctx.http: body') : { json: answer(request.json, 'ctx.http: json') }
  const type: { [name: string]: string } = request.json === undefined ? {} : { 'content-type': 'application/json' }
  return {
    method, body, url: answer(request.url, 'ctx.http: url'), headers: { ...type, ...record(request.headers ?? {}, 'ctx.http: headers') },
    timeout: seconds(request.timeout ?? DEFAULT_HTTP_SECONDS, 'ctx.http: timeout') ?? DEFAULT_HTTP_SECONDS, idempotent: request.idempotent ?? false,
  }
}

export function uploadArgs(path: string, { name, maxsize, keep }: UploadFileOptions): UploadArgs {
  const file = text(path, 'ctx.upload: path')
  const maxBytes = maxsize ?? uploadDefaults.maxBytes
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw new Error(`ctx.upload: maxsize is ${String(maxsize)}, expected a number of bytes`)
  return { path: file, name: text(name ?? file.split('/').at(-1) ?? '', 'ctx.upload: name'), maxBytes, keep: keep === undefined ? uploadDefaults.keep : seconds(keep, 'ctx.upload: keep') }
}

export function triggerArgs(options: TriggerOptions): TriggerArgs {
  const [schedulers, builders] = [names(options.schedulers, 'schedulers'), names(options.builders, 'builders')]
  if ((schedulers === null) === (builders === null)) throw new Error(`ctx.trigger: ${schedulers === null ? 'neither' : 'both'} schedulers and builders are given, expected one of them`)
  if (options.updateSourceStamp && options.alwaysUseLatest) throw new Error('ctx.trigger: both updateSourceStamp and alwaysUseLatest are given, expected one of them')
  return {
    schedulers, builders: builders ?? [], waitForFinish: options.waitForFinish ?? false,
    sourcestamps: options.sourcestamps === undefined ? null : data(options.sourcestamps, 'ctx.trigger: sourcestamps') as TriggerArgs['sourcestamps'],
    updateSourceStamp: options.updateSourceStamp ?? !options.alwaysUseLatest, alwaysUseLatest: options.alwaysUseLatest ?? false,
    properties: data(record(options.properties ?? {}, 'ctx.trigger: properties'), 'ctx.trigger: properties') as { [name: string]: Json },
    reason: options.reason ?? null, priority: options.priority ?? null,
  }
}

export function summaryArgs(texts: StepEffectArgs['summary']): StepEffectArgs['summary'] {
  const said = Object.entries({ step: texts.step, build: texts.build }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value === '' ? value : text(value, `ctx.summary: ${name}`)]]))
  return Object.fromEntries(said) as StepEffectArgs['summary']
}

function names(value: string | readonly string[] | undefined, what: string): string[] | null {
  if (value === undefined) return null
  const list = typeof value === 'string' ? [value] : [...value]
  if (list.length === 0) throw new Error(`ctx.trigger: ${what} is an empty list, expected at least one name`)
  return list.map(name => text(name, `ctx.trigger: ${what}`))
}

export function text(value: unknown, what: string): string {
  if (typeof value === 'string' && value !== '') return value
  throw new Error(`${what} is ${JSON.stringify(value) ?? 'nothing'}, expected a text`)
}

function record(value: unknown, what: string): { [name: string]: Json } {
  const plain = answer(value, what)
  return plain !== null && typeof plain === 'object' && !Array.isArray(plain) ? plain : {}
}

function seconds(value: Duration | null, what: string): number | null {
  const parsed = value === null ? null : parseDuration(value)
  if (parsed === undefined) throw new Error(`${what} is ${JSON.stringify(value)}, expected seconds, or a text like '30s' or '10m'`)
  return parsed
}
