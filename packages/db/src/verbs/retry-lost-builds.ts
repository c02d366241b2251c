import type { Transaction } from '../transaction.js'
import { endWorkerBuilds } from './end-worker-builds.js'

/**
 * Builds whose worker has been away for `lostAfterSeconds` end RETRY (CANCELLED when they were asked to stop), and their requests go back.
 * The sessions are raised first: whoever still speaks for these builds has lost them, and the worker, when it comes back, is told to
 * kill what it holds of them. A stock worker cannot resume, so nobody waits for it.
 * While no engine lives a worker cannot come, so its absence counts from the start of the first of those that live now. Returns the ids of the workers given up, at most `limit` at a time.
 */
export async function retryLostBuilds(tx: Transaction, { lostAfterSeconds, limit }: { lostAfterSeconds: number; limit: number }): Promise<number[]> {
  const sessions = await tx.query<{ worker_id: number }>(
    `SELECT s.worker_id FROM workers w JOIN worker_sessions s ON s.worker_id = w.id
     WHERE NOT s.connected AND (s.protocol = 'msgpack' OR now() - make_interval(secs => $1) > greatest(s.disconnected_at,
         (SELECT min(started_at) FROM replicas WHERE role = 'engine' AND state = 'alive')))
       AND EXISTS (SELECT 1 FROM builds b WHERE b.worker_id = s.worker_id AND b.complete_at IS NULL)
     ORDER BY s.worker_id LIMIT $2 FOR NO KEY UPDATE OF w, s SKIP LOCKED`, [lostAfterSeconds, limit])
  const workers = sessions.map(session => session.worker_id)
  if (workers.length === 0) return []
  await tx.execute('UPDATE worker_sessions SET number = number + 1, replica_id = NULL WHERE worker_id = ANY($1)', [workers])
  await endWorkerBuilds(tx, workers, { stateString: 'worker lost', how: 'away' })
  return workers
}
