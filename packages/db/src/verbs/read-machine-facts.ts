import type { InstanceFacts } from '@yardmaster/domain'
import type { Database } from '../database.js'

export type PoolFacts = { id: number; name: string; failures: number; /** Seconds that are left. */ backoff: number; alert: boolean; paused: boolean; /** Epoch ms by the database's clock. */ now: number }

/** Seconds that have passed; null: that has not happened. */
export type MachineFacts = InstanceFacts & {
  id: number
  pool: string
  unsureFor: number | null
  removingFor: number | null
  created: boolean
  /** From the wish until its worker was connected first. */
  bootSeconds: number | null
  failureClass: string | null
  perHour: number
  currency: string | null
}

/** The pools of a set, and their machines that are there or went within the last minutes: for counting. */
export async function readMachineFacts(db: Database, set: string): Promise<{ pools: PoolFacts[]; machines: MachineFacts[] }> {
  const { rows: pools } = await db.pool.query<PoolFacts>(
    `SELECT id, name, failures, greatest(0, coalesce(extract(epoch FROM backoff_until - now()), 0))::float8 AS backoff, alert IS NOT NULL AS alert, paused, (extract(epoch FROM now()) * 1000)::float8 AS now
     FROM worker_pools p WHERE set_name = $1 AND (active OR EXISTS (SELECT 1 FROM instances i WHERE i.pool_id = p.id AND i.gone_at IS NULL)) ORDER BY id`, [set])
  const { rows: machines } = await db.pool.query<MachineFacts>(
    `SELECT i.id, p.name AS pool, i.desired, i.observed, i.operation, i.unsure_since IS NOT NULL AS unsure, coalesce(s.connected, false) AS connected, i.gone_at IS NOT NULL AS gone,
       extract(epoch FROM now() - i.unsure_since)::float8 AS "unsureFor", CASE WHEN i.gone_at IS NULL THEN extract(epoch FROM now() - i.condemned_at)::float8 END AS "removingFor",
       i.created_at IS NOT NULL AS created, extract(epoch FROM i.connected_at - i.requested_at)::float8 AS "bootSeconds", i.failure_class AS "failureClass", coalesce(i.price_per_hour, 0) AS "perHour", i.currency
     FROM instances i JOIN worker_pools p ON p.id = i.pool_id LEFT JOIN worker_sessions s ON s.instance_id = i.id
     WHERE p.set_name = $1 AND (i.gone_at IS NULL OR i.gone_at > now() - interval '10 minutes') ORDER BY i.id`, [set])
  return { pools, machines }
}
