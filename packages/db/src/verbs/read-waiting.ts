import type { Database } from '../database.js'

export type WaitingRequest = { id: number; builderKey: string; waitsFor: string | null; worker: string | null }

/** The pending requests that are next, `perBuilder` of each active builder. */
export async function readWaiting(db: Database, perBuilder: number): Promise<WaitingRequest[]> {
  const { rows } = await db.pool.query<WaitingRequest>(
    `SELECT r.id, b.key AS "builderKey", r.waits_for AS "waitsFor", r.worker_name AS worker FROM builders b
     CROSS JOIN LATERAL (SELECT id, waits_for, worker_name FROM build_requests WHERE builder_id = b.id AND state = 'pending' AND hold IS NULL AND (not_before IS NULL OR not_before <= now())
       ORDER BY priority DESC, submitted_at, id LIMIT $1) r
     WHERE b.active`, [perBuilder])
  return rows
}
