import type { Transaction } from '../transaction.js'

export type MissingWorker = { id: number; name: string; version: number; since: Date }

/**
 * Workers that have been away for longer than their `missingTimeout`: since they left, or since they could have come and never did.
 * Each absence is told once; connecting ends it. Returns them, at most `limit`.
 */
export async function tellMissingWorkers(tx: Transaction, limit: number): Promise<MissingWorker[]> {
  const missing = await tx.query<MissingWorker>(
    `WITH away AS (
       SELECT w.id, greatest(s.disconnected_at, w.expected_since) AS since FROM workers w JOIN worker_sessions s ON s.worker_id = w.id
       WHERE w.active AND w.missing_told_at IS NULL AND NOT s.connected
         AND greatest(s.disconnected_at, w.expected_since) < now() - make_interval(secs => w.missing_timeout)
       ORDER BY w.id LIMIT $1 FOR NO KEY UPDATE OF w, s SKIP LOCKED)
     UPDATE workers w SET missing_told_at = now(), version = version + 1 FROM away WHERE w.id = away.id
     RETURNING w.id, w.name, w.version, away.since`, [limit])
  for (const { id, version } of missing) tx.publish({ type: 'worker.missing', id, version, project: null })
  return missing
}
