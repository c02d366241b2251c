import type { Downtime, NoRoom, PoolMachine, PoolState, WorkerRowFacts } from '@yardmaster/domain'
import type { Database } from '../database.js'
import { REFUSED } from './read-refusals.js'

export type PoolRow = Omit<PoolState, 'config'> & { active: boolean }

export type PendingRequest = {
  id: number
  builderId: number
  builderKey: string
  /** The only worker that may build it; null: any of its builder's. */
  worker: string | null
  /** The build that waits for it. */
  parent: number | null
  /** As rendered under the generation asked for: options of pools that depend on the build. */
  machines: { pool: number; fingerprint: string | null }[]
}

/** Moments are epoch ms on the database's clock. */
export type Demand = {
  now: number
  engines: boolean
  /** null: the set has none yet. */
  activeGeneration: number | null
  /** The highest id of an instance of the set. */
  newest: number
  pools: PoolRow[]
  workers: WorkerRowFacts[]
  machines: (PoolMachine & { pool: number })[]
  /** In the order in which they are served: as many of each builder as it has workers that could take them. */
  requests: PendingRequest[]
}

const ms = (moment: string) => `(extract(epoch FROM ${moment}) * 1000)::float8`
/** More are not looked at: machines for these are begun first. */
const MOST_REQUESTS = 5_000
/** How long it is remembered that there was no room for a machine. */
const NO_ROOM = `interval '1 hour'`

const POOLS = `SELECT p.id, p.name, p.active, CASE WHEN p.paused THEN jsonb_build_object('reason', p.pause_reason) END AS paused, p.alert,
    CASE WHEN p.backoff_until > now() THEN jsonb_build_object('until', ${ms('p.backoff_until')}, 'reason', p.backoff_reason) END AS backoff,
    (SELECT coalesce(jsonb_agg(f), '[]') FROM (SELECT i.zone, i.plan, max(${ms('coalesce(i.condemned_at, i.requested_at)')}) AS at FROM instances i
       WHERE i.pool_id = p.id AND i.failure_class = 'elsewhere' AND i.requested_at > now() - ${NO_ROOM} GROUP BY i.zone, i.plan) f) AS "noRoom",
    (SELECT coalesce(jsonb_agg(f), '[]') FROM (SELECT DISTINCT i.fingerprint, coalesce(i.failure, '') AS why FROM instances i
       WHERE i.pool_id = p.id AND ${REFUSED} AND i.generation_id = $2) f) AS refused
  FROM worker_pools p WHERE p.set_name = $1 AND (p.active OR EXISTS (SELECT 1 FROM instances i WHERE i.pool_id = p.id AND i.gone_at IS NULL)) ORDER BY p.id`

const WORKERS = `SELECT w.id, w.name, w.pool_id AS pool, w.paused, w.pause_reason AS "pauseReason", w.graceful, w.downtime, w.capacity,
    CASE WHEN s.connected THEN least(w.max_builds, s.builds_left + (SELECT count(*) FROM builds b WHERE b.worker_id = w.id AND b.complete_at IS NULL))::int ELSE w.max_builds END AS "maxBuilds",
    w.reported_labels || w.labels AS labels, s.connected, cardinality(s.orphans) > 0 AS orphans, ${ms('w.quarantined_until')} AS "quarantinedUntil",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('builder', u.key, 'units', u.units)), '[]') FROM builds b JOIN builders u ON u.id = b.builder_id WHERE b.worker_id = w.id AND b.complete_at IS NULL) AS building
  FROM workers w JOIN worker_sessions s ON s.worker_id = w.id WHERE w.active AND w.set_name = $1 ORDER BY w.id`

/** Those that take workers: while there is none nobody can come. */
const ENGINES = `replicas WHERE role = 'engine' AND state = 'alive' AND drain_requested_at IS NULL AND (sets = '{}' OR $1 = ANY(sets))`
const FIRST_ENGINE = `(SELECT min(started_at) FROM ${ENGINES})`

const MACHINES = `SELECT i.id, i.pool_id AS pool, i.worker_id AS "workerId", w.name AS worker, i.generation_id AS "generationId", i.fingerprint, i.zone, i.plan, i.desired = 'running' AS wanted, i.holds_slot AS "holdsSlot",
    i.observed <> 'unknown' OR i.operation IS NOT NULL OR i.unsure_since IS NOT NULL OR i.external_id IS NOT NULL OR i.created_at IS NOT NULL AS begun,
    coalesce(s.connected, false) AS connected, (SELECT count(*) FROM builds b WHERE b.instance_id = i.id AND b.complete_at IS NULL)::int AS builds, i.uses,
    ${ms('i.requested_at')} AS "requestedAt", ${ms('i.created_at')} AS "createdAt", ${ms('i.connected_at')} AS "connectedAt", CASE WHEN s.connected THEN ${ms('i.idle_since')} END AS "idleSince",
    CASE WHEN i.connected_at IS NOT NULL AND NOT coalesce(s.connected, false) AND ${FIRST_ENGINE} IS NOT NULL THEN ${ms(`greatest(i.connected_at, s.disconnected_at, ${FIRST_ENGINE})`)} END AS "awaySince",
    i.retire_reason AS "retireReason", ${ms('i.gone_at')} AS "goneAt",
    CASE WHEN i.price_per_hour IS NOT NULL THEN jsonb_build_object('perHour', i.price_per_hour, 'currency', i.currency, 'period', i.billing_period) END AS price
  FROM (SELECT * FROM instances WHERE gone_at IS NULL UNION ALL
    SELECT g.* FROM worker_pools c JOIN instances g ON g.pool_id = c.id WHERE c.name = ANY($3) AND g.gone_at > now() - interval '2 days') i
  JOIN worker_pools p ON p.id = i.pool_id JOIN workers w ON w.id = i.worker_id LEFT JOIN worker_sessions s ON s.instance_id = i.id WHERE p.set_name = $1 ORDER BY i.id`

/** Workers that could be given something, slots of pools included: of a builder's requests no more are looked at than it has of these, and those of one that has none not at all. */
const TAKERS = `SELECT g.builder_id, count(*) AS count FROM builder_workers g JOIN workers w ON w.id = g.worker_id AND w.active JOIN worker_sessions s ON s.worker_id = w.id
  WHERE w.set_name = $1 AND (w.pool_id IS NOT NULL OR (s.connected AND (w.max_builds IS NULL OR w.max_builds > (SELECT count(*) FROM builds b WHERE b.worker_id = w.id AND b.complete_at IS NULL))))
  GROUP BY g.builder_id`

const REQUESTS = `SELECT n.id, n."builderId", n."builderKey", n.worker_name AS worker, n.parent,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('pool', m.pool_id, 'fingerprint', m.fingerprint)), '[]') FROM request_machines m WHERE m.request_id = n.id AND m.generation_id = $2) AS machines
  FROM (SELECT r.*, b.id AS "builderId", b.key AS "builderKey", CASE WHEN r.waited_for THEN s.parent_build_id END AS parent, b.served_at
    FROM (${TAKERS}) t JOIN builders b ON b.id = t.builder_id AND b.active CROSS JOIN LATERAL (
      SELECT q.id, q.buildset_id, q.waited_for, q.worker_name, q.priority, q.submitted_at, row_number() OVER (ORDER BY priority DESC, submitted_at, id) AS turn FROM build_requests q
      WHERE q.builder_id = b.id AND q.state = 'pending' AND q.hold IS NULL AND (q.not_before IS NULL OR q.not_before <= now()) ORDER BY priority DESC, submitted_at, id LIMIT t.count) r
    JOIN buildsets s ON s.id = r.buildset_id
    ORDER BY r.priority DESC, r.turn, greatest(r.submitted_at, b.served_at), r.submitted_at, r.id LIMIT ${MOST_REQUESTS}) n
  ORDER BY n.priority DESC, n.turn, greatest(n.submitted_at, n.served_at), n.submitted_at, n.id`

const rowsOf = (sql: string) => `(SELECT coalesce(jsonb_agg(x), '[]') FROM (${sql}) x)`

type Row = Omit<Demand, 'pools' | 'workers'> & { pools: (Omit<PoolRow, 'noRoom'> & { noRoom: NoRoom[] })[]; workers: (WorkerRowFacts & { downtime: Downtime[] })[] }

/**
 * What is asked for and what there is, of one configuration set. One statement, so one moment: a request that is claimed between two looks would be seen
 * waiting, and its worker busy. `capped`: names of pools of which what ended of late is wanted too.
 */
export async function readDemand(db: Database, { set, generationId, capped }: { set: string; generationId: number; capped: readonly string[] }): Promise<Demand> {
  const { rows } = await db.pool.query<Row>(
    `SELECT ${ms('now()')} AS now, EXISTS (SELECT 1 FROM ${ENGINES}) AS engines,
       (SELECT active_generation_id FROM configuration_sets WHERE name = $1) AS "activeGeneration",
       (SELECT coalesce(max(n.id), 0) FROM worker_pools p CROSS JOIN LATERAL (SELECT id FROM instances i WHERE i.pool_id = p.id ORDER BY id DESC LIMIT 1) n WHERE p.set_name = $1) AS newest,
       ${rowsOf(POOLS)} AS pools, ${rowsOf(WORKERS)} AS workers, ${rowsOf(MACHINES)} AS machines, ${rowsOf(REQUESTS)} AS requests`, [set, generationId, capped])
  return rows[0]!
}

/** Whether the set has pools, or machines of pools that it had: else nothing has to be read. */
export async function hasPools(db: Database, set: string): Promise<boolean> {
  const { rowCount } = await db.pool.query(
    'SELECT 1 FROM worker_pools p WHERE p.set_name = $1 AND (p.active OR EXISTS (SELECT 1 FROM instances i WHERE i.pool_id = p.id AND i.gone_at IS NULL)) LIMIT 1', [set])
  return rowCount === 1
}
