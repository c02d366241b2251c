import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { NewChange } from './add-change.js'
import { insertChanges } from './insert-changes.js'
import { leaveOutTold } from './leave-out-told.js'

type Attempt = { deliveryId: number; attempt: number }

/** A message that was taken up is done: its changes come with it, once. False: it was taken up again by another meanwhile, and nothing was written. */
export async function finishDelivery(tx: Transaction, { deliveryId, attempt }: Attempt, { changes, note }: { changes: NewChange[]; note: string }): Promise<boolean> {
  if (!await end(tx, { deliveryId, attempt }, `state = 'done', done_at = now(), note = $3, error = NULL`, [storableText(note)])) return false
  const isNew = changes.length > 0 ? await leaveOutTold(tx, changes, 'hook') : []
  await insertChanges(tx, changes.filter((_, n) => isNew[n]).map(change => ({ change, deliveryId })))
  tx.wake('deliveries')
  return true
}

/** An attempt came to nothing: the message is taken up again in `retryInSeconds`; null: it has failed, and those behind it go on. */
export async function failDelivery(tx: Transaction, attempt: Attempt, { error, retryInSeconds }: { error: string; retryInSeconds: number | null }): Promise<boolean> {
  const ended = retryInSeconds === null
    ? await end(tx, attempt, `state = 'failed', done_at = now(), error = $3`, [storableText(error)])
    : await end(tx, attempt, `next_at = now() + make_interval(secs => $4), error = $3`, [storableText(error), retryInSeconds])
  if (ended) tx.wake('deliveries')
  return ended
}

async function end(tx: Transaction, { deliveryId, attempt }: Attempt, set: string, parameters: unknown[]): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(
    `UPDATE deliveries SET ${set}, taken_by = NULL, version = version + 1 WHERE id = $1 AND state = 'pending' AND attempts = $2 RETURNING version`, [deliveryId, attempt, ...parameters])
  if (row) tx.publish({ type: 'delivery.updated', id: deliveryId, version: row.version, project: null })
  return row !== undefined
}
