import type { Database } from '@yardmaster/db'
import { readWorkers } from '@yardmaster/db/verbs/read-worker-views'
import { servesBuilder, type BuilderConfig, type EngineLimits, type Measured, type RequestFacts, type RunningBuild } from '@yardmaster/domain'
import type { Deps } from '../deps.js'

export type FoundRequest = {
  id: number
  state: 'pending' | 'claimed' | 'complete'
  endReason: string | null
  endActor: string | null
  hold: RequestFacts['hold']
  waitsFor: string | null
  notBefore: number | null
  onlyWorker: string | null
  priority: number
  builderId: number
  key: string
  builder: string
  active: boolean
  set: string
  units: number
  maxPending: number | null
  noWorkerIn: number | null
  noWorkerAction: string | null
  workerIds: number[]
  workers: string[]
  pools: number[]
  ahead: number
  waiting: number
  parent: string | null
  problems: { pool: string; problem: string }[]
}

const REQUEST = `SELECT r.id, r.state, r.end_reason AS "endReason", r.end_actor AS "endActor", r.hold, r.waits_for AS "waitsFor", r.worker_name AS "onlyWorker", r.priority,
    CASE WHEN r.not_before > now() THEN extract(epoch FROM r.not_before - now())::float8 END AS "notBefore",
    b.id AS "builderId", b.key, b.name AS builder, b.active, b.set_name AS set, b.units, b.max_pending AS "maxPending", b.no_worker_action AS "noWorkerAction",
    greatest(0, extract(epoch FROM greatest(b.no_worker_since, r.submitted_at) + make_interval(secs => b.no_worker_after) - now()))::float8 * CASE WHEN b.no_worker_since IS NULL THEN NULL ELSE 1 END AS "noWorkerIn",
    ARRAY(SELECT g.worker_id::float8 FROM builder_workers g WHERE g.builder_id = b.id ORDER BY 1) AS "workerIds",
    ARRAY(SELECT w.name FROM builder_workers g JOIN workers w ON w.id = g.worker_id WHERE g.builder_id = b.id ORDER BY w.id) AS workers,
    ARRAY(SELECT DISTINCT w.pool_id::float8 FROM builder_workers g JOIN workers w ON w.id = g.worker_id WHERE g.builder_id = b.id AND w.pool_id IS NOT NULL) AS pools,
    (SELECT count(*)::int FROM build_requests o WHERE o.builder_id = r.builder_id AND o.state = 'pending' AND o.hold IS NULL AND (o.priority > r.priority OR o.priority = r.priority AND (o.submitted_at, o.id) < (r.submitted_at, r.id))) AS ahead,
    (SELECT count(*)::int FROM build_requests o WHERE o.builder_id = r.builder_id AND o.state = 'pending') AS waiting,
    CASE WHEN r.waited_for THEN (SELECT u.name || '/' || p.number FROM builds p JOIN builders u ON u.id = p.builder_id WHERE p.id = s.parent_build_id) END AS parent,
    coalesce((SELECT jsonb_agg(jsonb_build_object('pool', p.name, 'problem', m.problem) ORDER BY p.name) FROM request_machines m JOIN worker_pools p ON p.id = m.pool_id
      WHERE m.request_id = r.id AND m.problem IS NOT NULL), '[]') AS problems
  FROM build_requests r JOIN builders b ON b.id = r.builder_id JOIN buildsets s ON s.id = r.buildset_id WHERE r.id = $1`

export async function readRequest(db: Database, id: number): Promise<FoundRequest | null> {
  const { rows } = await db.pool.query<FoundRequest>(REQUEST, [id])
  return rows[0] ?? null
}

/** All that tells why the pending request is not being built. `pools`: by name, what is known of those that there are. */
export async function readRequestFacts({ db, clock, activeGenerations }: Deps, request: FoundRequest, pools: RequestFacts['pools']): Promise<RequestFacts> {
  const configurations = activeGenerations().map(generation => generation.configuration)
  const configured = configurations.flatMap(configuration => configuration.builders).find(builder => builder.key === request.key)
  const now = clock.now()
  const [workers, running, engines, others, locking] = await Promise.all([
    readWorkers(db, { ids: request.workerIds, now, pools: configurations.flatMap(configuration => configuration.pools) }),
    readRunning(db, request), readEngines(db, request), readAheadOfOthers(db, request), readLocking(db, configured),
  ])
  const usual = await readUsual(db, [request.builderId, ...running.map(build => build.builderId), ...locking.map(({ build }) => build.builderId)])
  const named = ({ builderId, ...build }: Running): RunningBuild => ({ ...build, usual: usual.get(builderId) ?? null })
  const { hold, waitsFor, notBefore, onlyWorker, ahead, waiting, parent, problems, builder: name, key, active, units, maxPending, noWorkerIn, noWorkerAction } = request
  return {
    hold, waitsFor, notBefore, onlyWorker, ahead, waiting, parent, problems, engines, pools, aheadOfOthers: others,
    builder: { name, key, active, units, workers: request.workers, workerLabels: null, maxPending, usual: usual.get(request.builderId) ?? null, noWorker: noWorkerIn === null || noWorkerAction === null ? null : { in: noWorkerIn, action: noWorkerAction } },
    workers: workers.views.map(view => {
      const until = workers.availableFrom.get(view.name)
      return { view, availableIn: until === undefined ? null : Math.max(0, (until - now) / 1000), running: running.filter(build => build.worker === view.name).map(named) }
    }),
    locks: locking.map(({ lock, build }) => ({ lock, build: named(build) })),
  }
}

type Running = Omit<RunningBuild, 'usual'> & { builderId: number; worker: string }

const RUNNING = `x.id, u.id AS "builderId", u.name AS builder, u.key AS "builderKey", x.number, w.name AS worker, extract(epoch FROM now() - x.started_at)::float8 AS elapsed
  FROM builds x JOIN builders u ON u.id = x.builder_id JOIN workers w ON w.id = x.worker_id`

async function readRunning(db: Database, { workerIds }: FoundRequest): Promise<Running[]> {
  return (await db.pool.query<Running>(`SELECT ${RUNNING} WHERE x.worker_id = ANY($1) AND x.complete_at IS NULL ORDER BY x.id`, [workerIds])).rows
}

/** Builds that hold locks of these names. What a function of the configuration answers is not known here. */
async function readLocking(db: Database, builder: BuilderConfig | undefined): Promise<{ lock: string; build: Running }[]> {
  const names = builder && Array.isArray(builder.locks) ? builder.locks.map(lock => lock.name) : []
  if (names.length === 0) return []
  const { rows } = await db.pool.query<Running & { lock: string }>(
    `SELECT l.name AS lock, ${RUNNING.replace(' FROM builds x', ' FROM lock_claims c JOIN locks l ON l.id = c.lock_id JOIN builds x ON x.id = c.build_id')}
     WHERE l.name = ANY($1) AND c.held_at IS NOT NULL AND x.complete_at IS NULL ORDER BY x.id`, [names])
  return rows.map(({ lock, ...build }) => ({ lock, build }))
}

async function readEngines(db: Database, { set, builder }: FoundRequest): Promise<number> {
  const { rows } = await db.pool.query<{ limits: EngineLimits | null }>(
    `SELECT limits FROM replicas WHERE role = 'engine' AND state = 'alive' AND drain_requested_at IS NULL AND (sets = '{}' OR $1 = ANY(sets))`, [set])
  return rows.filter(({ limits }) => servesBuilder(limits, { name: builder })).length
}

/** Requests of builders that share workers with it: the more urgent ones, and of equal ones as many of each builder as it has turns before. */
async function readAheadOfOthers(db: Database, { id, builderId, priority, ahead, workerIds }: FoundRequest): Promise<number> {
  const { rows } = await db.pool.query<{ ahead: number }>(
    `SELECT coalesce(sum(n.urgent + least(n.equal, $4 + 1)), 0)::int AS ahead FROM (
       SELECT count(*) FILTER (WHERE o.priority > $3) AS urgent, count(*) FILTER (WHERE o.priority = $3 AND o.id < $1) AS equal
       FROM (SELECT DISTINCT builder_id FROM builder_workers WHERE worker_id = ANY($5) AND builder_id <> $2) u
       JOIN build_requests o ON o.builder_id = u.builder_id AND o.state = 'pending' AND o.hold IS NULL AND (o.not_before IS NULL OR o.not_before <= now()) AND o.priority >= $3 GROUP BY o.builder_id) n`,
    [id, builderId, priority, ahead, workerIds])
  return rows[0]?.ahead ?? 0
}

/** Builds of a builder that its usual duration is measured by: the last ones that came to their own end. */
const MOST_BUILDS = 20

async function readUsual(db: Database, builderIds: readonly number[]): Promise<Map<number, Measured>> {
  const { rows } = await db.pool.query<{ id: number; percentiles: [number, number] | null }>(
    `SELECT b.id, d.percentiles FROM (SELECT DISTINCT unnest($1::bigint[]) AS id) b CROSS JOIN LATERAL (
       SELECT percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY seconds) AS percentiles FROM (
         SELECT extract(epoch FROM x.complete_at - x.started_at)::float8 AS seconds FROM builds x
         WHERE x.builder_id = b.id AND x.complete_at IS NOT NULL AND x.results IN (0, 1, 2) ORDER BY x.number DESC LIMIT ${MOST_BUILDS}) last) d`, [builderIds])
  return new Map(rows.flatMap(({ id, percentiles }): [number, Measured][] => (percentiles ? [[id, { p50: percentiles[0], p90: percentiles[1] }]] : [])))
}
