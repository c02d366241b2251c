import type { Transaction } from '../transaction.js'

export type Release = {
  replicaId: number
  sessions: { workerId: number; number: number }[]
  /** Leave out those that have a build by now. */
  onlyIdle: boolean
}

/**
 * An engine gives workers back. Their numbers are raised, so that nothing it still believes of their builds can be written: the builds stay
 * with their workers and are driven on by whoever these connect to. Answers the workers; a session that has moved on is not among them.
 */
export async function releaseSessions(tx: Transaction, { replicaId, sessions, onlyIdle }: Release): Promise<number[]> {
  await tx.execute('SELECT 1 FROM workers WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [sessions.map(session => session.workerId)])
  const held = await tx.query<{ worker_id: number }>(
    `SELECT s.worker_id FROM worker_sessions s JOIN unnest($1::bigint[], $2::bigint[]) AS g(worker_id, number) USING (worker_id, number)
     WHERE s.replica_id = $3 ORDER BY s.worker_id FOR UPDATE OF s`, [sessions.map(session => session.workerId), sessions.map(session => session.number), replicaId])
  // A statement of its own: a claim that held the session until now has written its build.
  const released = await tx.query<{ worker_id: number }>(
    `UPDATE worker_sessions SET number = number + 1, replica_id = NULL, connected = false, disconnected_at = CASE WHEN connected THEN now() ELSE disconnected_at END
     WHERE worker_id = ANY($1) AND NOT ($2 AND EXISTS (SELECT 1 FROM builds b WHERE b.worker_id = worker_sessions.worker_id AND b.complete_at IS NULL))
     RETURNING worker_id`, [held.map(row => row.worker_id), onlyIdle])
  const ids = released.map(row => row.worker_id)
  const versions = await tx.query<{ id: number; version: number }>('UPDATE workers SET version = version + 1 WHERE id = ANY($1) RETURNING id, version', [ids])
  for (const worker of versions) tx.publish({ type: 'worker.disconnected', ...worker, project: null })
  return ids
}
