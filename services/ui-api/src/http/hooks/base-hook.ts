import type { NewChange } from '@yardmaster/db/verbs/add-change'
import { HookError, readBaseHook } from '@yardmaster/integrations'
import type { Request } from 'express'
import type { HookDoor } from './door.js'
import { bodyOf, checkAuthorization, digest, fieldsIn, formOf, mediaType, parseJson, secretOf } from './hook-request.js'

/** Buildbot's own form of a hook: the fields of one change. */
export const baseHook: HookDoor<'base'> = async (deps, request, [hook]) => {
  const expected = secretOf(deps, hook.config.secret)
  if (expected !== null) checkAuthorization(request, expected)
  const fields = { ...queryOf(request), ...await fieldsOf(request) }
  const change = readBaseHook(fields, deps.clock.now())
  const payload = JSON.stringify(fields)
  return {
    source: 'base', ...keyOf(request, change, { payload, otherwise: () => deps.random.uuid() }), event: 'change', repository: change.repository, payload,
    generationId: hook.generationId, changes: [change], note: '1 change found',
  }
}

const queryOf = ({ originalUrl }: Request) => Object.fromEntries(new URL(originalUrl, 'http://localhost').searchParams)

/**
 * The same message sent again is no second change. Without an id of the sender, the same revision in the same words is the same message;
 * a message that names no revision asks for a build of what is newest, each time anew.
 */
function keyOf(request: Request, change: NewChange, { payload, otherwise }: { payload: string; otherwise: () => string }): { key: string; hashed: boolean } {
  const id = request.get('idempotency-key')
  if (id !== undefined) return { key: id, hashed: false }
  return change.revision === null ? { key: otherwise(), hashed: false } : { key: digest(Buffer.from(payload)), hashed: true }
}

async function fieldsOf(request: Request): Promise<{ [field: string]: unknown }> {
  const form = await formOf(request)
  if (form !== null) return Object.fromEntries(form)
  const body = bodyOf(request)
  if (mediaType(request) !== 'application/json') return Object.fromEntries(fieldsIn(body))
  const given = parseJson(body.toString('utf8'))
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new HookError(400, 'the body is not a JSON object with the fields of a change')
  return Object.fromEntries(Object.entries(given))
}
