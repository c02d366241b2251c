import type { HookHost, HostHookConfig } from '@yardmaster/domain'
import { HookError, hookReaders, type Header, type HookReading } from '@yardmaster/integrations'
import type { Request } from 'express'
import type { Deps } from '../../deps.js'
import type { ConfiguredHook, HookDoor } from './door.js'
import { bodyOf, digest, mediaType, parseJson, secretOf } from './hook-request.js'

/** A code host's webhook. What nothing outside has to be asked for becomes changes at once. */
export function hostHook(host: HookHost): HookDoor<HookHost> {
  const reader = hookReaders[host]
  return (deps, request, hooks) => {
    const body = bodyOf(request)
    const header: Header = name => request.get(name)
    const { config, generationId } = verified(deps, { host, body, header }, hooks)
    const event = reader.event(header)
    if (event === undefined) throw new HookError(400, `the header ${reader.eventHeader} is missing`)
    const text = jsonOf(request, body, reader.forms)
    const payload = parseJson(text)
    const { codebase } = config
    const reading = reader.read(event, payload, { ...config, codebase: typeof codebase === 'string' ? codebase : '' })
    const id = reader.delivery(header)
    const common = { source: host, key: id ?? digest(Buffer.concat([Buffer.from(event), body])), hashed: id === undefined, event, repository: reader.subject(payload).fullName, payload: text, generationId }
    if (asksOutside(event, reading, config)) return { ...common, changes: null, note: 'it is worked on after this answer' }
    return { ...common, changes: reading.changes.map(change => ({ ...change, whenAt: change.whenAt ?? new Date(deps.clock.now()) })), note: reading.note }
  }
}

/** Whether the user's functions or the host's API have a part in it. */
function asksOutside(event: string, { changes, lookUp }: HookReading, { on, codebase, token }: HostHookConfig): boolean {
  return Object.hasOwn(on, event) || (changes.length > 0 && typeof codebase !== 'string') || (lookUp !== undefined && token !== null)
}

type Message = { host: HookHost; body: Buffer; header: Header }

/** The first hook of which the message knows the secret; sets may have one each. Throws HookError (401). */
function verified(deps: Deps, { host, body, header }: Message, hooks: [ConfiguredHook<HookHost>, ...ConfiguredHook<HookHost>[]]): ConfiguredHook<HookHost> {
  const { verify, isSigned } = hookReaders[host]
  let refusal: unknown
  for (const hook of hooks) {
    const expected = secretOf(deps, hook.config.secret)
    if (expected === null || (!hook.config.strict && !isSigned(header))) return hook
    try {
      verify(body, header, expected)
      return hook
    } catch (error) {
      refusal ??= error
    }
  }
  throw refusal
}

function jsonOf(request: Request, body: Buffer, forms: boolean): string {
  const type = mediaType(request)
  if (type === 'application/json') return body.toString('utf8')
  if (type === 'application/x-www-form-urlencoded' && forms) return new URLSearchParams(body.toString('utf8')).get('payload') ?? ''
  throw new HookError(400, `Unknown content type: ${type ?? ''}; the webhook is to send application/json`)
}
