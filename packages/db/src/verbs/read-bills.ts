import type { Bill } from '@yardmaster/domain'
import type { Database } from '../database.js'

export type PoolBill = Bill & { poolId: number; currency: string }

/** What is paid for machines that a pool had in the last 26 hours: whatever the time zone, the present day began in these. In the order in which they were started. */
export async function readBills(db: Pick<Database, 'pool'>, poolIds: readonly number[]): Promise<PoolBill[]> {
  if (poolIds.length === 0) return []
  const { rows } = await db.pool.query<PoolBill>(
    `SELECT pool_id AS "poolId", price_per_hour AS "perHour", billing_period AS period, currency, (extract(epoch FROM created_at) * 1000)::float8 AS from, (extract(epoch FROM gone_at) * 1000)::float8 AS until
     FROM instances WHERE pool_id = ANY($1::bigint[]) AND created_at IS NOT NULL AND price_per_hour IS NOT NULL AND currency IS NOT NULL
       AND (gone_at IS NULL OR gone_at > now() - interval '26 hours') ORDER BY id`, [poolIds])
  return rows
}
