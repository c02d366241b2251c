import { NamesTaken } from '@yardmaster/db/verbs/activate-generation'
import { applyGeneration } from '@yardmaster/db/verbs/apply-generation'
import { requestReload } from '@yardmaster/db/verbs/request-reload'
import type { Database } from '@yardmaster/db'
import { routes, type Generation, type Reload } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { differencesOf } from './differences.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`
const count = (list: string) => `jsonb_array_length(coalesce(c.${list}, '[]')) AS ${list}`
/** A configuration of 4,000 builders takes 30 ms to unpack, which is done once for each. */
const SELECT = `SELECT g.id, g.set_name AS set, g.digest, s.active_generation_id IS NOT DISTINCT FROM g.id AS active, ${seconds('g.created_at')} AS "createdAt", ${seconds('g.activated_at')} AS "activatedAt",
    ${count('builders')}, ${count('workers')}, ${count('schedulers')} FROM generations g JOIN configuration_sets s ON s.name = g.set_name CROSS JOIN LATERAL jsonb_to_record(g.configuration) AS c(builders jsonb, workers jsonb, schedulers jsonb)`

const MOST_TOLD = 1_000

/** Versions of configurations: which there were, what they say, going back to one, and having the files read again. */
export function generationRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.generations.list, async ({ query: { set, before, limit = 20 } }) => {
    const { rows } = await db.pool.query<Generation>(`${SELECT} WHERE ($1::text IS NULL OR g.set_name = $1) AND ($2::bigint IS NULL OR g.id < $2) ORDER BY g.id DESC LIMIT $3`, [set ?? null, before ?? null, limit + 1])
    const generations = rows.slice(0, limit)
    return { generations, next: rows.length > limit ? generations.at(-1)?.id ?? null : null }
  })
  serve(router, deps, routes.generations.diff, async ({ params, query }) => {
    const generation = await one(db, params.generation)
    const other = query.against ?? (await db.pool.query<{ id: number | null }>('SELECT active_generation_id AS id FROM configuration_sets WHERE name = $1', [generation.set])).rows[0]?.id ?? null
    const differences = other === null ? [] : differencesOf(await contentOf(db, other), await contentOf(db, generation.id))
    return { generation, against: other === null ? null : await one(db, other), differences: differences.slice(0, MOST_TOLD), more: differences.length > MOST_TOLD }
  })
  serve(router, deps, routes.generations.apply, async ({ params, request }) => {
    const { id } = await one(db, params.generation)
    await act(deps, request, { ...routes.generations.apply.action, id }, tx => applyGeneration(tx, id)).catch((error: unknown) => {
      throw error instanceof NamesTaken ? new YardError(409, error.message) : error
    })
    return { generation: await one(db, id) }
  })
  serve(router, deps, routes.reloads.reload, async ({ body, request }) => {
    const set = body.set ?? await ownSet(deps)
    const id = await act(deps, request, { ...routes.reloads.reload.action, id: null, parameters: { set } }, (tx, actor) => requestReload(tx, { set, actor }))
    if (id === null) throw new YardError(409, `there is no configuration set ${set} yet: start a replica that has a file of it`)
    return { reload: await readReload(db, id) }
  })
  serve(router, deps, routes.reloads.one, async ({ params }) => ({ reload: await readReload(db, params.reload) }))
  serve(router, deps, routes.about.show, async () => {
    const active = deps.activeGeneration()
    const { builders = [], workers = [], title = 'Yardmaster' } = active?.configuration ?? {}
    return { about: { version: deps.version, title, url: deps.settings.baseUrl, set: active === null ? null : await ownSet(deps), generation: active?.id ?? null, builders: builders.length, workers: workers.length } }
  })
  return router
}

/** The set that this ui-api serves. */
async function ownSet({ db, activeGeneration }: Pick<Deps, 'db' | 'activeGeneration'>): Promise<string> {
  const { rows } = await db.pool.query<{ set: string }>('SELECT set_name AS set FROM generations WHERE id = $1', [activeGeneration()?.id ?? null])
  return rows[0]?.set ?? 'main'
}

async function one(db: Database, id: number): Promise<Generation> {
  const { rows: [row] } = await db.pool.query<Generation>(`${SELECT} WHERE g.id = $1`, [id])
  if (!row) throw new YardError(404, `not found: there is no generation ${id}`)
  return row
}

async function contentOf(db: Database, id: number): Promise<unknown> {
  const { rows: [row] } = await db.pool.query<{ configuration: unknown }>('SELECT configuration FROM generations WHERE id = $1', [id])
  return row?.configuration ?? null
}

// Who came later has read its file at its start, and a provisioner reads none.
const AWAITED = `SELECT m.id AS replica, m.name, m.role FROM reloads r JOIN replicas m ON m.state = 'alive' AND m.role <> 'latent-worker-provisioner' AND r.set_name = ANY(m.sets) AND m.started_at < r.requested_at
  WHERE r.id = $1 AND NOT EXISTS (SELECT 1 FROM reload_outcomes o WHERE o.reload_id = r.id AND o.replica_id = m.id) ORDER BY m.id`

async function readReload(db: Database, id: number): Promise<Reload> {
  const { rows: [reload] } = await db.pool.query<Omit<Reload, 'outcomes' | 'awaited'>>(`SELECT id, set_name AS set, actor, ${seconds('requested_at')} AS "requestedAt" FROM reloads WHERE id = $1`, [id])
  if (!reload) throw new YardError(404, `not found: there is no reload ${id}`)
  // Who is awaited before what came of it: who answers in between is told of twice rather than not at all.
  const { rows: awaited } = await db.pool.query<Reload['awaited'][number]>(AWAITED, [id])
  const { rows: outcomes } = await db.pool.query<Reload['outcomes'][number]>(
    `SELECT o.replica_id AS replica, coalesce(m.name, o.replica_id::text) AS name, coalesce(m.role, '') AS role, ${seconds('o.at')} AS at, o.generation_id AS "generationId", o.findings, o.outcome
     FROM reload_outcomes o LEFT JOIN replicas m ON m.id = o.replica_id WHERE o.reload_id = $1 ORDER BY o.at, o.replica_id`, [id])
  return { ...reload, outcomes, awaited }
}
