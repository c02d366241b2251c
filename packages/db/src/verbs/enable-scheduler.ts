import type { Transaction } from '../transaction.js'

/** Lets a scheduler react to changes and force requests, or not. Returns false when there is none of this id. */
export async function enableScheduler(tx: Transaction, { schedulerId, enabled }: { schedulerId: number; enabled: boolean }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>('UPDATE schedulers SET enabled = $2, version = version + 1 WHERE id = $1 RETURNING version', [schedulerId, enabled])
  if (!row) return false
  tx.publish({ type: 'scheduler.updated', id: schedulerId, version: row.version, project: null })
  tx.wake('changes')
  tx.wake('timers')
  tx.wake('tasks')
  return true
}
