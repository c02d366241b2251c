import type { HookHost } from '@yardmaster/domain'
import { HookError, hookReaders, type Header } from '@yardmaster/integrations'
import type { Request } from 'express'
import type { Deps } from '../../deps.js'
import type { ConfiguredHook, HookDoor } from './door.js'
import { bodyOf, digest, mediaType, parseJson, secretOf } from './hook-request.js'

/** A code host's webhook. */
export function hostHook(host: HookHost): HookDoor<HookHost> {
  const reader = hookReaders[host]
  return (deps, request, hooks) => {
    const body = bodyOf(request)
    const header: Header = name => request.get(name)
    const { config } = verified(deps, { host, body, header }, hooks)
    const event = reader.event(header)
    if (event === undefined) throw new HookError(400, `the header ${reader.eventHeader} is missing`)
    const payload = payloadOf(request, body, reader.forms)
    const codebase = typeof config.codebase === 'string' ? config.codebase : ''
    const { changes, note } = reader.read(event, payload, { ...config, codebase })
    return {
      delivery: { source: host, key: reader.delivery(header) ?? digest(body) },
      changes: changes.map(change => ({ ...change, whenAt: change.whenAt ?? new Date(deps.clock.now()) })), note,
    }
  }
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

function payloadOf(request: Request, body: Buffer, forms: boolean): unknown {
  const type = mediaType(request)
  if (type === 'application/json') return parseJson(body.toString('utf8'))
  if (type === 'application/x-www-form-urlencoded' && forms) return parseJson(new URLSearchParams(body.toString('utf8')).get('payload') ?? '')
  throw new HookError(400, `Unknown content type: ${type ?? ''}; the webhook is to send application/json`)
}
