import type { Transaction } from '../transaction.js'

/** Moves a waiting request forward or back in its builder's queue. Returns false when it waits no more, or there is none of this id. */
export async function setPriority(tx: Transaction, { requestId, priority }: { requestId: number; priority: number }): Promise<boolean> {
  const changed = await tx.execute(`UPDATE build_requests SET priority = $2, version = version + 1 WHERE id = $1 AND state = 'pending'`, [requestId, priority])
  tx.wake('requests')
  return changed === 1
}
