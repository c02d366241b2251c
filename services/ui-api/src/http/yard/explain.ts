import { routes, type Explanation, type Pool } from '@yardmaster/rest'
import { explainRequest as explained, requestSentences } from '@yardmaster/domain'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { explainPool, obstacles, type Surroundings } from '../../do/explain-pool.js'
import { readRequest, readRequestFacts, type FoundRequest } from '../../do/read-request-facts.js'
import { configuredPools } from './pools.js'
import { readPools } from './read-pools.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** Why what waits waits, in sentences. */
export function explainRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.explain.all, async () => ({ explanations: await explainPools(deps, null) }))
  serve(router, deps, routes.explain.pool, async ({ params: { pool } }) => ({ explanations: await explainPools(deps, pool) }))
  serve(router, deps, routes.explain.builder, async ({ params: { builder } }) => ({ explanations: await explainBuilder(deps, builder) }))
  serve(router, deps, routes.explain.request, async ({ params }) => ({ explanations: await explainRequest(deps, params.request) }))
  return router
}

async function explainPools(deps: Deps, which: string | null): Promise<Explanation[]> {
  const [pools, around] = await Promise.all([readPools(deps.db, configuredPools(deps), which), surroundings(deps)])
  if (which !== null && pools.length === 0) throw new YardError(404, `not found: there is no pool ${which}`)
  return pools.map(pool => explanationOf(pool, around))
}

const explanationOf = (pool: Pool, around: Surroundings): Explanation => ({ about: { kind: 'pool', id: pool.id, name: pool.name }, sentences: explainPool(pool, around) })

async function surroundings({ db }: Deps): Promise<Surroundings> {
  const { rows } = await db.pool.query<Surroundings>(
    `SELECT count(*)::int AS provisioners, extract(epoch FROM now())::float8 AS now FROM replicas WHERE role = 'latent-worker-provisioner' AND state = 'alive'`)
  return rows[0]!
}

type BuilderRow = { id: number; name: string; waiting: number; running: number; waits: string[]; pools: number[]; connected: number; workers: number }

const BUILDER = `SELECT b.id, b.name, (SELECT count(*)::int FROM build_requests r WHERE r.builder_id = b.id AND r.state = 'pending') AS waiting,
    (SELECT count(*)::int FROM builds x WHERE x.builder_id = b.id AND x.complete_at IS NULL) AS running,
    ARRAY(SELECT DISTINCT r.waits_for FROM build_requests r WHERE r.builder_id = b.id AND r.state = 'pending' AND r.waits_for IS NOT NULL ORDER BY 1 LIMIT 5) AS waits,
    (SELECT count(*)::int FROM builder_workers bw WHERE bw.builder_id = b.id) AS workers,
    (SELECT count(*)::int FROM builder_workers bw JOIN worker_sessions s ON s.worker_id = bw.worker_id AND s.connected WHERE bw.builder_id = b.id) AS connected,
    ARRAY(SELECT DISTINCT w.pool_id::float8 FROM builder_workers bw JOIN workers w ON w.id = bw.worker_id WHERE bw.builder_id = b.id AND w.pool_id IS NOT NULL) AS pools
  FROM builders b`

async function explainBuilder(deps: Deps, which: string): Promise<Explanation[]> {
  const { rows: [builder] } = await deps.db.pool.query<BuilderRow>(`${BUILDER} WHERE b.name = $1 OR b.id::text = $1 ORDER BY b.name = $1 DESC LIMIT 1`, [which])
  if (!builder) throw new YardError(404, `not found: there is no builder ${which}`)
  const { waiting, running, connected, workers, waits } = builder
  const sentences = [
    waiting === 0 ? `Nothing waits; ${running} ${running === 1 ? 'build is' : 'builds are'} running.` : `${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'}, ${running} ${running === 1 ? 'build is' : 'builds are'} running.`,
    `${connected} of its ${workers} ${workers === 1 ? 'worker is' : 'workers are'} connected.`,
    ...waits.map(waitSentence),
  ]
  return [{ about: { kind: 'builder', id: builder.id, name: builder.name }, sentences }, ...await explainSome(deps, builder.pools)]
}

async function explainRequest(deps: Deps, id: number): Promise<Explanation[]> {
  const found = await readRequest(deps.db, id)
  if (!found) throw new YardError(404, `not found: there is no build request ${id}`)
  const about = { kind: 'request', id, name: `request ${id} of ${found.builder}` } as const
  if (found.state !== 'pending') return [{ about, sentences: [found.state === 'claimed' ? 'It waits no more: it is being built.' : ended(found)] }]
  const [pools, around] = await Promise.all([readPools(deps.db, configuredPools(deps)), surroundings(deps)])
  const facts = await readRequestFacts(deps, found, new Map(pools.map(pool => [pool.name, { boot: pool.boot?.connected ?? null, obstacle: obstacles(pool, around)[0] ?? null }])))
  const request = explained(facts)
  const mine = pools.filter(pool => found.pools.includes(pool.id)).toSorted((a, b) => obstacles(b, around).length - obstacles(a, around).length)
  return [{ about, sentences: requestSentences(request), request }, ...mine.map(pool => explanationOf(pool, around))]
}

function ended({ endReason, endActor }: FoundRequest): string {
  return endReason === null ? 'It waits no more: it has ended.' : `It has ended without a build: ${endReason}${endActor === null ? '' : ` (by ${endActor})`}.`
}

/** The pools that could help, those that are held up first. */
async function explainSome(deps: Deps, ids: readonly number[]): Promise<Explanation[]> {
  if (ids.length === 0) return []
  const [pools, around] = await Promise.all([readPools(deps.db, configuredPools(deps)), surroundings(deps)])
  const mine = pools.filter(pool => ids.includes(pool.id)).toSorted((a, b) => obstacles(b, around).length - obstacles(a, around).length)
  return mine.map(pool => explanationOf(pool, around))
}

const waitSentence = (waits: string): string => `It waits: ${waits.replace(/\.$/, '')}.`
