import type { Transaction } from '../transaction.js'

/**
 * The worker's connection ended. The number stays: the engine goes on speaking for the worker's builds until the worker
 * comes back, here or elsewhere, or has been away for too long. Returns false when somebody else holds the session by now.
 */
export async function closeSession(tx: Transaction, session: { workerId: number; number: number }): Promise<boolean> {
  // The worker before its session, as whoever opens one locks them.
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [session.workerId])
  const closed = await tx.execute(
    'UPDATE worker_sessions SET connected = false, disconnected_at = now() WHERE worker_id = $1 AND number = $2 AND connected', [session.workerId, session.number])
  if (closed === 0) return false
  const [worker] = await tx.query<{ id: number; version: number }>('UPDATE workers SET version = version + 1 WHERE id = $1 RETURNING id, version', [session.workerId])
  tx.publish({ type: 'worker.disconnected', ...worker!, project: null })
  return true
}
