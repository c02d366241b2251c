import type { Desired, MachineLabel, Observed, Operation } from '@yardmaster/domain'
import type { Database } from '../database.js'

/** An open row of the ledger. Times are seconds that have passed by the database's clock. */
export type OpenInstance = {
  id: number
  poolId: number
  pool: string
  workerId: number
  worker: string
  attempt: number
  /** Of its label. */
  labelAttempt: number
  generationId: number
  /** Which its options are rendered for; null: for none. */
  requestId: number | null
  zone: string | null
  plan: string | null
  desired: Desired
  observed: Observed
  operation: Operation | null
  unsureFor: number | null
  /** Until its next step may be taken; null: at once. */
  retryIn: number | null
  tries: number
  externalId: string | null
  storages: string[]
  address: string | null
  detail: string | null
  holdsSlot: boolean
  everConnected: boolean
  /** Its worker is connected now. */
  connected: boolean
  observedFor: number | null
  condemnedFor: number | null
  /** Since its worker could have come, or was here last. While no engine lives none can. */
  awaitedFor: number
}

const SECONDS = (since: string) => `extract(epoch FROM now() - ${since})::float8`

const OPEN = `SELECT i.id, i.pool_id AS "poolId", p.name AS pool, i.worker_id AS "workerId", w.name AS worker, i.attempt, coalesce(i.label_attempt, i.attempt) AS "labelAttempt", i.generation_id AS "generationId", i.request_id AS "requestId", i.zone, i.plan,
    i.desired, i.observed, i.operation, ${SECONDS('i.unsure_since')} AS "unsureFor", -${SECONDS('i.retry_at')} AS "retryIn", i.tries,
    i.external_id AS "externalId", i.storages, i.address, i.detail, i.holds_slot AS "holdsSlot", i.connected_at IS NOT NULL AS "everConnected", coalesce(s.connected, false) AS connected,
    ${SECONDS('i.observed_at')} AS "observedFor", ${SECONDS('i.condemned_at')} AS "condemnedFor",
    coalesce(${SECONDS(`greatest(i.requested_at, s.disconnected_at, (SELECT min(started_at) FROM replicas WHERE role = 'engine' AND state = 'alive' AND $1 = ANY(sets)))`)}, 0) AS "awaitedFor"
  FROM instances i JOIN workers w ON w.id = i.worker_id JOIN worker_pools p ON p.id = i.pool_id LEFT JOIN worker_sessions s ON s.instance_id = i.id
  WHERE i.gone_at IS NULL AND p.set_name = $1 ORDER BY i.id`

/** All rows of a set's pools that may still be machines. Nothing is locked: whoever changes one says what it expects. */
export async function readOpenInstances(db: Database, set: string): Promise<OpenInstance[]> {
  return (await db.pool.query<OpenInstance>(OPEN, [set])).rows
}

export type UsedPool = { generationId: number; poolId: number; pool: string }

/** Whose accounts may hold something of ours: of the active generation's pools, of open instances, and of those gone within the hour. */
export async function readUsedPools(db: Database, set: string): Promise<UsedPool[]> {
  const { rows } = await db.pool.query<UsedPool>(
    `SELECT i.generation_id AS "generationId", p.id AS "poolId", p.name AS pool FROM instances i JOIN worker_pools p ON p.id = i.pool_id
     WHERE p.set_name = $1 AND (i.gone_at IS NULL OR i.gone_at > now() - interval '1 hour')
     UNION SELECT s.active_generation_id, p.id, p.name FROM configuration_sets s JOIN worker_pools p ON p.set_name = s.name AND p.active WHERE s.name = $1 AND s.active_generation_id IS NOT NULL
     ORDER BY 1 DESC, 2`, [set])
  return rows
}

/** Whether an instance of that label is open, in whichever set. */
export async function isLabelOpen(db: Database, { worker, attempt }: Pick<MachineLabel, 'worker' | 'attempt'>): Promise<boolean> {
  const { rowCount } = await db.pool.query('SELECT 1 FROM instances i JOIN workers w ON w.id = i.worker_id WHERE w.name = $1 AND i.attempt = $2 AND i.gone_at IS NULL', [worker, attempt])
  return rowCount === 1
}

/** Where machines reach the engines of the set that live, as these say: those that go on first. */
export async function readEngineUrls(db: Database, set: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ url: string }>(
    `SELECT worker_url AS url FROM replicas WHERE role = 'engine' AND state = 'alive' AND worker_url <> '' AND $1 = ANY(sets) GROUP BY 1 ORDER BY bool_and(drain_requested_at IS NOT NULL), 1`, [set])
  return rows.map(row => row.url)
}
