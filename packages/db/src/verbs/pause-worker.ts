import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { condemnMachineOf } from './condemn-instance.js'

/** A paused worker stays connected, finishes what it runs and is given no further build. Returns false when there is none of this id. */
export function pauseWorker(tx: Transaction, { workerId, reason }: { workerId: number; reason: string | null }): Promise<boolean> {
  return changeWorker(tx, workerId, { set: 'paused = true, pause_reason = $2', parameters: [reason === null ? null : storableText(reason)] })
}

/** Returns false when there is none of this id. */
export function unpauseWorker(tx: Transaction, { workerId }: { workerId: number }): Promise<boolean> {
  return changeWorker(tx, workerId, { set: 'paused = false, pause_reason = NULL', parameters: [] })
}

/**
 * A worker that is stopped gracefully is given no further build, and is told to go once it is idle; of a latent worker it is the machine that goes, and
 * another may come. Returns false when there is none of this id.
 */
export async function stopWorker(tx: Transaction, { workerId }: { workerId: number }): Promise<boolean> {
  if (!await changeWorker(tx, workerId, { set: 'graceful = pool_id IS NULL', parameters: [] })) return false
  await condemnMachineOf(tx, { workerId, reason: 'its worker was asked to stop', building: 'retire' })
  return true
}

async function changeWorker(tx: Transaction, workerId: number, { set, parameters }: { set: string; parameters: unknown[] }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(`UPDATE workers SET ${set}, version = version + 1 WHERE id = $1 RETURNING version`, [workerId, ...parameters])
  if (!row) return false
  tx.publish({ type: 'worker.state_updated', id: workerId, version: row.version, project: null })
  tx.wake('controls')
  tx.wake('requests')
  return true
}
