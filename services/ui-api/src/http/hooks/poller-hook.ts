import { transaction } from '@yardmaster/db'
import { askForPoll } from '@yardmaster/db/verbs/ask-for-poll'
import { HookError } from '@yardmaster/integrations'
import type { Request } from 'express'
import type { HookDoor } from './door.js'
import { bodyOf, checkAuthorization, formOf, mediaType, parseJson, secretOf } from './hook-request.js'

/** Knocks on the door: POST /change_hook/poller?poller=NAME has that change source polled now, without a name all of them. */
export const pollerHook: HookDoor<'poller'> = async (deps, request, hooks) => {
  const [{ config: { secret } }] = hooks
  const expected = secretOf(deps, secret)
  if (expected !== null) checkAuthorization(request, expected)
  const wanted = [...new Set([...new URL(request.originalUrl, 'http://localhost').searchParams.getAll('poller'), ...await namesIn(request)])]
  const allowed = new Set(hooks.flatMap(({ generationId, config }) => sourcesOf(deps, generationId).filter(name => config.allowed === null || config.allowed.includes(name))))
  const missing = wanted.filter(name => !allowed.has(name))
  if (missing.length > 0) throw new HookError(400, `Could not find pollers: ${missing.join(',')}; there are ${[...allowed].join(', ') || 'none'}`)
  const names = wanted.length > 0 ? wanted : [...allowed]
  const { rows } = await deps.db.pool.query<{ id: number }>('SELECT id FROM change_sources WHERE active AND name = ANY($1) ORDER BY id', [names])
  await transaction(deps.db, null, tx => askForPoll(tx, rows.map(row => row.id)))
  return { done: `${rows.length} pollers asked` }
}

type Deps = Parameters<typeof pollerHook>[0]

function sourcesOf({ activeGenerations }: Deps, generationId: number): string[] {
  return activeGenerations().find(({ id }) => id === generationId)?.configuration.changeSources.map(source => source.name) ?? []
}

/** A host that knocks sends its own payload, which is none of our business; a person may send names. */
async function namesIn(request: Request): Promise<string[]> {
  const form = await formOf(request)
  if (form !== null) return form.getAll('poller')
  const body = bodyOf(request).toString('utf8')
  if (mediaType(request) !== 'application/json' || body === '') return []
  const given = parseJson(body)
  const named = typeof given === 'object' && given !== null && 'poller' in given ? given.poller : []
  return (Array.isArray(named) ? named : [named]).filter(name => typeof name === 'string')
}
