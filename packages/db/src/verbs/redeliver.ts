import type { Transaction } from '../transaction.js'

/** A message is worked on once more, from the beginning: also one that has made changes makes them again. False: it is pending, or what was sent is not kept. */
export async function redeliver(tx: Transaction, { deliveryId, actor }: { deliveryId: number; actor: string }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(
    `UPDATE deliveries SET state = 'pending', next_at = now(), attempts = 0, note = $2, error = NULL, done_at = NULL, version = version + 1
     WHERE id = $1 AND state <> 'pending' AND payload IS NOT NULL RETURNING version`, [deliveryId, `redelivered by ${actor}`])
  if (!row) return false
  tx.publish({ type: 'delivery.updated', id: deliveryId, version: row.version, project: null })
  tx.wake('deliveries')
  return true
}
