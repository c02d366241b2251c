import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { HookError, readBaseHook } from '@yardmaster/integrations'
import type { Request } from 'express'
import type { HookDoor } from './door.js'
import { bodyOf, checkAuthorization, digest, mediaType, parseJson, secretOf } from './hook-request.js'

/** Buildbot's own form of a hook: the fields of one change. */
export const baseHook: HookDoor<'base'> = (deps, request, [hook]) => {
  const expected = secretOf(deps, hook.config.secret)
  if (expected !== null) checkAuthorization(request, expected)
  const body = bodyOf(request)
  const fields = { ...queryOf(request), ...fieldsOf(request, body) }
  const change = readBaseHook(fields, deps.clock.now())
  return {
    source: 'base', ...keyOf(request, change, { body, otherwise: () => deps.random.uuid() }), event: 'change', repository: change.repository, payload: JSON.stringify(fields),
    generationId: hook.generationId, changes: [change], note: '1 change found',
  }
}

const queryOf = ({ originalUrl }: Request) => Object.fromEntries(new URL(originalUrl, 'http://localhost').searchParams)

/**
 * The same message sent again is no second change. Without an id of the sender, the same revision in the same words is the same message;
 * a message that names no revision asks for a build of what is newest, each time anew.
 */
function keyOf(request: Request, change: NewChange, { body, otherwise }: { body: Buffer; otherwise: () => string }): { key: string; hashed: boolean } {
  const id = request.get('idempotency-key')
  if (id !== undefined) return { key: id, hashed: false }
  return change.revision === null ? { key: otherwise(), hashed: false } : { key: digest(Buffer.concat([Buffer.from(request.originalUrl), body])), hashed: true }
}

function fieldsOf(request: Request, body: Buffer): { [field: string]: unknown } {
  if (mediaType(request) !== 'application/json') return Object.fromEntries(new URLSearchParams(body.toString('utf8')))
  const given = parseJson(body.toString('utf8'))
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new HookError(400, 'the body is not a JSON object with the fields of a change')
  return Object.fromEntries(Object.entries(given))
}
