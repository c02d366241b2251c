import type { Database } from '@yardmaster/db'
import { costAt, instanceState, shareOfCost } from '@yardmaster/domain'
import type { BuildMachine, Instance, InstanceBuild, InstanceFilter } from '@yardmaster/rest'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'

type Row = Omit<Instance, 'state' | 'cost' | 'price' | 'failure'> & {
  perHour: number | null; currency: string | null; period: number; failureClass: string | null; failureText: string | null; now: number
}

const MOST_BUILDS = 200

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`
const moments = { requestedAt: 'requested_at', createdAt: 'created_at', startedAt: 'started_at', connectedAt: 'connected_at', idleSince: 'idle_since', observedAt: 'observed_at', condemnedAt: 'condemned_at', goneAt: 'gone_at', unsureSince: 'unsure_since', retryAt: 'retry_at' }

const CONNECTED = 'EXISTS (SELECT 1 FROM worker_sessions s WHERE s.instance_id = i.id AND s.connected)'

/** `instanceState` of the domain, for filters. */
const STATE = `CASE WHEN i.gone_at IS NOT NULL THEN 'gone' WHEN i.desired = 'gone' THEN 'removing' WHEN ${CONNECTED} THEN 'ready'
  WHEN i.operation = 'create' OR i.unsure_since IS NOT NULL THEN 'creating' WHEN i.observed IN ('unknown', 'absent') THEN 'requested' ELSE 'booting' END`

// Never its options or the hash of its password: what they were rendered from may be secret.
const SELECT = `SELECT i.id, p.name AS pool, i.worker_id AS "workerId", w.name AS worker, i.attempt, i.provider, i.generation_id AS "generationId", i.desired, i.observed, i.operation, i.tries,
    i.uses, i.zone, i.plan, i.external_id AS "externalId", i.storages, i.address, i.detail, i.reason, i.retire_reason AS "retireReason", i.end_reason AS "endReason", i.failure_class AS "failureClass", i.failure AS "failureText",
    i.price_per_hour AS "perHour", i.currency, i.billing_period AS period, ${Object.entries(moments).map(([name, column]) => `${seconds(`i.${column}`)} AS "${name}"`).join(', ')},
    ${seconds('now()')} AS now, ${CONNECTED} AS connected,
    CASE WHEN i.gone_at IS NULL THEN (SELECT count(*)::int FROM builds b WHERE b.worker_id = i.worker_id AND b.instance_id = i.id AND b.complete_at IS NULL) ELSE 0 END AS builds
  FROM instances i JOIN worker_pools p ON p.id = i.pool_id JOIN workers w ON w.id = i.worker_id`

/** Those that meet the filter, the newest first; `next` is where the following page begins. */
export async function readInstances(db: Database, { pool, worker, state = [], open = false, before, limit = 100 }: InstanceFilter): Promise<{ instances: Instance[]; next: number | null }> {
  const scope: Sql[] = [
    ...(pool === undefined ? [] : [sql`i.pool_id = (SELECT id FROM worker_pools WHERE name = ${pool})`]),
    ...(worker === undefined ? [] : [sql`i.worker_id = (SELECT id FROM workers WHERE name = ${worker} OR id::text = ${worker} ORDER BY name = ${worker} DESC LIMIT 1)`]),
    ...(state.length === 0 ? [] : [sql`${raw(STATE)} = ANY(${state}::text[])`]),
    // Worded so that the index of the open ones serves it.
    ...(open || (state.length > 0 && !state.includes('gone')) ? [raw('i.gone_at IS NULL')] : []),
    ...(before === undefined ? [] : [sql`i.id < ${before}`]),
  ]
  const where = scope.length > 0 ? sql`WHERE ${join(scope, ' AND ')}` : raw('')
  const { rows } = await db.pool.query<Row>(toQuery(sql`${raw(SELECT)} ${where} ORDER BY i.id DESC LIMIT ${limit + 1}`))
  const instances = rows.slice(0, limit).map(present)
  return { instances, next: rows.length > limit ? instances.at(-1)?.id ?? null : null }
}

export async function readInstancesById(db: Database, ids: readonly number[]): Promise<Instance[]> {
  const { rows } = await db.pool.query<Row>(`${SELECT} WHERE i.id = ANY($1::bigint[])`, [ids])
  return rows.map(present)
}

function present({ perHour, currency, period, failureClass, failureText, now, ...row }: Row): Instance {
  const price = perHour === null || currency === null ? null : { perHour, currency, period }
  const cost = price && (row.createdAt === null ? 0 : costAt({ ...price, from: row.createdAt * 1000, until: row.goneAt === null ? null : row.goneAt * 1000 }, now * 1000))
  const state = instanceState({ ...row, unsure: row.unsureSince !== null, gone: row.goneAt !== null })
  return { ...row, state, price, cost, failure: failureText === null && failureClass === null ? null : { class: failureClass ?? 'retry', message: failureText ?? '' } }
}

/** Its builds, the newest first, each with its part of the cost. */
export async function readBuildsOf(db: Database, { id, cost }: Instance): Promise<InstanceBuild[]> {
  const { rows } = await db.pool.query<Omit<InstanceBuild, 'cost'> & { duration: number; durations: number; of: number }>(
    `SELECT b.id AS buildid, b.builder_id AS builderid, u.name AS builder, b.number, b.results, ${seconds('b.started_at')} AS "startedAt", ${seconds('b.complete_at')} AS "completeAt",
       d.duration, sum(d.duration) OVER () AS durations, count(*) OVER ()::int AS of
     FROM builds b JOIN builders u ON u.id = b.builder_id CROSS JOIN LATERAL (SELECT ${seconds('coalesce(b.complete_at, now()) - b.started_at')} AS duration) d
     WHERE b.instance_id = $1 ORDER BY b.id DESC LIMIT ${MOST_BUILDS}`, [id])
  return rows.map(({ duration: mine, durations: all, of, ...build }) => ({ ...build, cost: cost === null ? null : shareOfCost(cost, { mine, all, of }) }))
}

/** Where the build ran, and its part of the cost; null: on none of our machines. undefined: there is no such build. */
export async function readMachineOf(db: Database, buildId: number): Promise<BuildMachine | null | undefined> {
  const { rows: [build] } = await db.pool.query<{ instance: number | null; mine: number; all: number; of: number }>(
    `SELECT b.instance_id AS instance, ${seconds('coalesce(b.complete_at, now()) - b.started_at')} AS mine, d.all, d.of
     FROM builds b CROSS JOIN LATERAL (SELECT ${seconds('sum(coalesce(o.complete_at, now()) - o.started_at)')} AS all, count(*)::int AS of FROM builds o WHERE o.instance_id = b.instance_id) d
     WHERE b.id = $1`, [buildId])
  if (!build) return undefined
  const [instance] = build.instance === null ? [] : await readInstancesById(db, [build.instance])
  return instance ? { instance, cost: instance.cost === null ? null : shareOfCost(instance.cost, build) } : null
}
