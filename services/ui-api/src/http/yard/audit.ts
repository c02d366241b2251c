import type { Database } from '@yardmaster/db'
import { routes, type AuditRecord } from '@yardmaster/rest'
import { Router } from 'express'
import { refusedOf } from '../../access/rights.js'
import { authorize } from '../../access/authorize.js'
import { callerOf } from '../../access/caller-of.js'
import { isThing } from '../../access/access.js'
import type { Deps } from '../../deps.js'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

type Filter = { actor?: string | undefined; action?: string | undefined; thing?: string | undefined; id?: number | undefined; outcome?: string | undefined; since?: number | undefined; until?: number | undefined; before?: number | undefined; limit?: number | undefined }

const USUAL = 100
const SELECT = `SELECT id, extract(epoch FROM at)::float8 AS at, actor, username, via, address, action, thing, thing_id AS "thingId", parameters, outcome, note FROM control_actions`

/** Who did what, and who may do what. */
export function auditRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.audit.list, async ({ query, request }) => {
    await authorize(deps, request, { action: 'audit', thing: 'control_actions', id: null })
    return readAudit(deps.db, query)
  })
  serve(router, deps, routes.access.explain, async ({ query: { action, thing, id = null }, request }) => {
    if (!isThing(thing)) throw new YardError(404, `not found: nothing is called '${thing}'`)
    const { allowed, rule, why } = await deps.access.decide(callerOf(request), { action, thing, id })
    return { access: { allowed, rule: rule === null ? null : rule + 1, why } }
  })
  serve(router, deps, routes.access.rights, async ({ query: { thing, id = [] }, request }) => {
    if (!isThing(thing)) throw new YardError(404, `not found: nothing is called '${thing}'`)
    // Of what is no row's, such as the audit log itself, the answer has the id 0.
    return { rights: await refusedOf(deps, callerOf(request), { thing, ids: id.length > 0 ? id : [0] }) }
  })
  return router
}

/** The newest first; `next`: the filter's `before` for those that follow, null: there are none. */
async function readAudit({ pool }: Database, { actor, action, thing, id, outcome, since, until, before, limit = USUAL }: Filter): Promise<{ actions: AuditRecord[]; next: number | null }> {
  const scope: Sql[] = [
    ...(actor === undefined ? [] : [sql`actor = ${actor}`]),
    ...(action === undefined ? [] : [sql`action = ${action}`]),
    ...(thing === undefined ? [] : [sql`thing = ${thing}`]),
    ...(id === undefined ? [] : [sql`thing_id = ${id}`]),
    ...(outcome === undefined ? [] : [sql`outcome = ${outcome}`]),
    ...(since === undefined ? [] : [sql`at >= to_timestamp(${since})`]),
    ...(until === undefined ? [] : [sql`at < to_timestamp(${until})`]),
    ...(before === undefined ? [] : [sql`id < ${before}`]),
  ]
  const where = scope.length > 0 ? sql`WHERE ${join(scope, ' AND ')}` : raw('')
  const { rows } = await pool.query<AuditRecord>(toQuery(sql`${raw(SELECT)} ${where} ORDER BY id DESC LIMIT ${limit + 1}`))
  const actions = rows.slice(0, limit)
  return { actions, next: rows.length > limit ? actions.at(-1)?.id ?? null : null }
}
