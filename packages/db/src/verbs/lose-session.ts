import type { Transaction } from '../transaction.js'
import { endWorkerBuilds } from './end-worker-builds.js'

/** `blamed`: whether the worker is taken to be the reason; true unless said. */
export type LostSession = { workerId: number; number: number; blamed?: boolean }

/**
 * The connection of a worker that cannot resume has ended, and with it its builds. The number is raised: nobody speaks for them any more.
 * Returns false when somebody else holds the session by now.
 */
export async function loseSession(tx: Transaction, session: LostSession): Promise<boolean> {
  // The worker before its session, as whoever opens one locks them.
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [session.workerId])
  const lost = await tx.execute(
    `UPDATE worker_sessions SET number = number + 1, replica_id = NULL, connected = false, disconnected_at = now() WHERE worker_id = $1 AND number = $2 AND connected`,
    [session.workerId, session.number])
  if (lost === 0) return false
  await endWorkerBuilds(tx, [session.workerId], { stateString: 'connection lost: a stock worker cannot resume', how: session.blamed === false ? null : 'disconnected' })
  const [worker] = await tx.query<{ id: number; version: number }>('UPDATE workers SET version = version + 1 WHERE id = $1 RETURNING id, version', [session.workerId])
  tx.publish({ type: 'worker.disconnected', ...worker!, project: null })
  return true
}
