import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Nothing is started for a paused pool; its machines go on, and go when nobody needs them. Returns false when there is none of this id. */
export function pausePool(tx: Transaction, { poolId, reason }: { poolId: number; reason: string | null }): Promise<boolean> {
  return changePool(tx, poolId, { set: 'paused = true, pause_reason = $2', parameters: [reason === null ? null : storableText(reason)] })
}

/** Machines are started again, at once if that was backed off from. Returns false when there is none of this id. */
export function resumePool(tx: Transaction, { poolId }: { poolId: number }): Promise<boolean> {
  return changePool(tx, poolId, { set: 'paused = false, pause_reason = NULL, backoff_until = NULL, backoff_reason = NULL', parameters: [] })
}

/** Somebody has looked: machines are started again, at once. Returns false when there is none of this id. */
export function clearPoolAlert(tx: Transaction, { poolId }: { poolId: number }): Promise<boolean> {
  return changePool(tx, poolId, { set: 'alert = NULL, alerted_at = NULL, failures = 0, backoff_until = NULL, backoff_reason = NULL', parameters: [] })
}

async function changePool(tx: Transaction, poolId: number, { set, parameters }: { set: string; parameters: unknown[] }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(`UPDATE worker_pools SET ${set}, version = version + 1 WHERE id = $1 RETURNING version`, [poolId, ...parameters])
  if (!row) return false
  tx.publish({ type: 'pool.updated', id: poolId, version: row.version, project: null })
  tx.wake('instances')
  tx.wake('requests')
  return true
}
