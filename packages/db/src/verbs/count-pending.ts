import type { Database } from '../database.js'

export type PendingCount = { builderKey: string; pending: number; highestPriority: number; /** Epoch seconds. */ oldestSubmittedAt: number }

/** What waits for each of these builders and may be looked at; builders for which nothing does are missing. */
export async function countPending(db: Database, builderKeys: string[]): Promise<PendingCount[]> {
  const { rows } = await db.pool.query<PendingCount>(
    `SELECT b.key AS "builderKey", count(*) AS pending, max(r.priority) AS "highestPriority", extract(epoch FROM min(r.submitted_at))::float AS "oldestSubmittedAt"
     FROM build_requests r JOIN builders b ON b.id = r.builder_id
     WHERE r.state = 'pending' AND r.hold IS NULL AND (r.not_before IS NULL OR r.not_before <= now()) AND b.active AND b.key = ANY($1) GROUP BY b.key`, [builderKeys])
  return rows
}
