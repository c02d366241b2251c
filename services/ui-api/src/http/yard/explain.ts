import type { Explanation, Pool } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import type { Deps } from '../../deps.js'
import { explainPool, obstacles, type Surroundings } from '../../do/explain-pool.js'
import { sendJson } from '../json.js'
import { configuredPools } from './pools.js'
import { readPools } from './read-pools.js'
import { YardError } from './yard-error.js'

/** Why what waits waits, in sentences. */
export function explainRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const answer = async (request: Request, response: Parameters<typeof sendJson>[1], explanations: Promise<Explanation[]>) => sendJson(request, response, { explanations: await explanations })
  router.get('/', (request, response) => answer(request, response, explainPools(deps, null)))
  router.get('/pools/:pool', (request, response) => answer(request, response, explainPools(deps, request.params.pool)))
  router.get('/builders/:builder', (request, response) => answer(request, response, explainBuilder(deps, request.params.builder)))
  router.get('/requests/:request', (request, response) => answer(request, response, explainRequest(deps, request.params.request)))
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

type RequestRow = { id: number; builder: string; builderId: number; state: string; waitsFor: string | null; notBefore: number | null; problems: { pool: string; problem: string }[]; ahead: number }

const REQUEST = `SELECT r.id, b.name AS builder, b.id AS "builderId", r.state, r.waits_for AS "waitsFor",
    CASE WHEN r.not_before > now() THEN extract(epoch FROM r.not_before - now())::float8 END AS "notBefore",
    (SELECT count(*)::int FROM build_requests o WHERE o.builder_id = r.builder_id AND o.state = 'pending' AND (o.priority > r.priority OR o.priority = r.priority AND (o.submitted_at, o.id) < (r.submitted_at, r.id))) AS ahead,
    coalesce((SELECT jsonb_agg(jsonb_build_object('pool', p.name, 'problem', m.problem) ORDER BY p.name) FROM request_machines m JOIN worker_pools p ON p.id = m.pool_id
      WHERE m.request_id = r.id AND m.problem IS NOT NULL), '[]') AS problems
  FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE r.id = $1`

async function explainRequest(deps: Deps, which: string): Promise<Explanation[]> {
  const id = Number(which)
  const { rows: [request] } = Number.isSafeInteger(id) ? await deps.db.pool.query<RequestRow>(REQUEST, [id]) : { rows: [] }
  if (!request) throw new YardError(404, `not found: there is no build request ${which}`)
  const about = { kind: 'request', id, name: `request ${id} of ${request.builder}` } as const
  if (request.state !== 'pending') return [{ about, sentences: [request.state === 'claimed' ? 'It waits no more: it is being built.' : 'It waits no more: it has ended.'] }]
  const { waitsFor, notBefore, ahead, problems } = request
  const sentences = [
    ...(notBefore === null ? [] : [`canStartBuild has put it off; it is looked at again in ${Math.ceil(notBefore)} s.`]),
    ...(waitsFor === null ? [] : [waitSentence(waitsFor)]),
    ...problems.map(({ pool, problem }) => `Pool ${pool} cannot start a machine for it: ${problem}.`),
    ...(ahead === 0 ? [] : [`${ahead} ${ahead === 1 ? 'request' : 'requests'} of its builder ${ahead === 1 ? 'is' : 'are'} ahead of it.`]),
  ]
  const { rows: [builder] } = await deps.db.pool.query<BuilderRow>(`${BUILDER} WHERE b.id = $1`, [request.builderId])
  return [{ about, sentences: sentences.length > 0 ? sentences : ['Nothing is known to be in its way: it has not been looked at yet.'] }, ...await explainSome(deps, builder?.pools ?? [])]
}

/** The pools that could help, those that are held up first. */
async function explainSome(deps: Deps, ids: readonly number[]): Promise<Explanation[]> {
  if (ids.length === 0) return []
  const [pools, around] = await Promise.all([readPools(deps.db, configuredPools(deps)), surroundings(deps)])
  const mine = pools.filter(pool => ids.includes(pool.id)).toSorted((a, b) => obstacles(b, around).length - obstacles(a, around).length)
  return mine.map(pool => explanationOf(pool, around))
}

const waitSentence = (waits: string): string => `It waits: ${waits.replace(/\.$/, '')}.`
