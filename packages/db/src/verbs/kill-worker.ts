import type { Transaction } from '../transaction.js'
import { lockWorkers } from './blame-workers.js'
import { condemnMachineOf } from './condemn-instance.js'
import { endWorkerBuilds } from './end-worker-builds.js'

/**
 * The worker is given up at once, by somebody's wish: its session is over, its builds end RETRY (CANCELLED when they were asked to stop) and
 * their requests go back. The engine that has its connection tells it to end and drops it. It is given nothing more until another process of it
 * connects. Of a latent worker its machine goes with it. Returns false when there is none of this id.
 */
export async function killWorker(tx: Transaction, { workerId }: { workerId: number }): Promise<boolean> {
  await lockWorkers(tx, [workerId])
  const [worker] = await tx.query<{ version: number }>(
    `UPDATE workers SET kill_requested_at = CASE WHEN pool_id IS NULL THEN now() END, graceful = pool_id IS NULL, version = version + 1 WHERE id = $1 RETURNING version`, [workerId])
  if (!worker) return false
  await tx.execute(
    `UPDATE worker_sessions SET number = number + 1, replica_id = NULL, disconnected_at = CASE WHEN connected THEN now() ELSE disconnected_at END, connected = false
     WHERE worker_id = $1`, [workerId])
  await endWorkerBuilds(tx, [workerId], { stateString: 'worker killed', how: 'killed' })
  await condemnMachineOf(tx, { workerId, reason: 'its worker was killed', building: 'retry' })
  tx.publish({ type: 'worker.disconnected', id: workerId, version: worker.version, project: null })
  tx.wake('controls')
  tx.wake('requests')
  return true
}
