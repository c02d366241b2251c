import type { Database } from '@yardmaster/db'
import type { WorkerPool } from './worker-pool.js'
import type { WorkerSession } from './worker-session.js'

/**
 * Holds what this engine believes against the rows: sessions that moved on are dropped, a disconnect that could not be written is
 * written, and builds that are ours but undriven (the answer to their claim was lost) are found. What goes wrong with one session
 * does not keep the others from being looked at. Throws the first such error.
 */
export async function reconcileSessions(
  db: Database,
  replicaId: number,
  pool: WorkerPool,
  found: { builds(session: WorkerSession, buildIds: number[]): Promise<void>; disconnected(session: WorkerSession): Promise<void> },
): Promise<void> {
  const believed = pool.sessions().map(session => ({ session, number: session.number, opening: session.opening }))
  const { rows } = await db.pool.query<{ worker_id: number; number: number; connected: boolean; replica_id: number | null; builds: number[] }>(
    `SELECT s.worker_id, s.number, s.connected, s.replica_id,
       array(SELECT id FROM builds b WHERE b.worker_id = s.worker_id AND b.complete_at IS NULL) AS builds
     FROM worker_sessions s WHERE s.worker_id = ANY($1)`, [believed.map(({ session }) => session.workerId)])
  const rowOf = new Map(rows.map(row => [row.worker_id, row]))
  const errors: unknown[] = []
  for (const { session, number, opening } of believed) {
    // Opened anew since we looked: nothing to compare.
    if (session.number !== number || session.opening !== null || opening !== null) continue
    const row = rowOf.get(session.workerId)
    if (row?.replica_id !== replicaId || row.number !== number) pool.drop(session)
    // It may never come back, and if it does it will be a new session.
    else if (!row.connected && !session.link && row.builds.length === 0) pool.drop(session)
    else {
      try {
        if (row.connected && !session.link) await found.disconnected(session)
        // The builds of one that cannot resume have ended with its connection.
        if (session.link || session.resumes) await found.builds(session, row.builds.map(Number))
      } catch (error) {
        errors.push(error)
      }
    }
  }
  if (errors.length > 0) throw errors[0]
}
