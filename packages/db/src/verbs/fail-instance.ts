import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { endWorkerBuilds } from './end-worker-builds.js'
import { notePoolFailure } from './note-pool-failure.js'

/**
 * A machine that was wanted is no good: dead, or its worker did not come. It is to go, and what its worker was building ends RETRY at once, with this text. It counts against its pool
 * when its worker never came. False: it is not wanted any more, or its worker has come meanwhile (with `unlessConnected`).
 */
export async function failInstance(tx: Transaction, { id, reason, unlessConnected }: { id: number; reason: string; unlessConnected: boolean }): Promise<boolean> {
  const text = storableText(reason)
  // Pools, workers, sessions, instances: in everybody's order.
  const [pool] = await tx.query<{ id: number; worker_id: number }>(
    'SELECT p.id, i.worker_id FROM worker_pools p JOIN instances i ON i.pool_id = p.id WHERE i.id = $1 FOR NO KEY UPDATE OF p', [id])
  if (!pool) return false
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [pool.worker_id])
  const [session] = await tx.query<{ connected: boolean }>('SELECT connected FROM worker_sessions WHERE worker_id = $1 AND instance_id = $2 FOR UPDATE', [pool.worker_id, id])
  if (unlessConnected && session?.connected) return false
  const [row] = await tx.query<{ version: number; came: boolean }>(
    `UPDATE instances SET desired = 'gone', condemned_at = now(), failure = $2, failure_class = 'retry', end_reason = $2, retry_at = NULL, tries = 0, idle_since = NULL, version = version + 1
     WHERE id = $1 AND gone_at IS NULL AND desired = 'running' RETURNING version, connected_at IS NOT NULL AS came`, [id, text])
  if (!row) return false
  if (session) await endSession(tx, pool.worker_id, reason)
  if (!row.came) await notePoolFailure(tx, { poolId: pool.id, failure: { class: 'retry', message: reason } })
  tx.publish({ type: 'instance.updated', id, version: row.version, project: null })
  tx.wake('instances')
  tx.wake('requests')
  return true
}

/** Nobody speaks for its builds any more: there is nothing to come back to. */
async function endSession(tx: Transaction, workerId: number, reason: string): Promise<void> {
  await tx.execute(`UPDATE worker_sessions SET number = number + 1, replica_id = NULL, connected = false, disconnected_at = now() WHERE worker_id = $1`, [workerId])
  const [worker] = await tx.query<{ version: number }>('UPDATE workers SET version = version + 1 WHERE id = $1 RETURNING version', [workerId])
  tx.publish({ type: 'worker.disconnected', id: workerId, version: worker!.version, project: null })
  await endWorkerBuilds(tx, [workerId], { stateString: `machine lost: ${reason}`, how: null })
}
