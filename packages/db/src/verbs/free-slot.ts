import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** A machine that could not be removed, or found out about, for so long keeps nobody waiting: another may take its worker's place. It stays in the ledger until it is gone. False: it had freed it. */
export async function freeSlot(tx: Transaction, { id, afterSeconds, failure }: { id: number; afterSeconds: number; failure: string }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(
    `UPDATE instances SET holds_slot = false, failure = coalesce(failure, $3), desired = 'gone', condemned_at = coalesce(condemned_at, now()), end_reason = coalesce(end_reason, $3), version = version + 1
     WHERE id = $1 AND holds_slot AND gone_at IS NULL AND (desired = 'gone' AND condemned_at <= now() - make_interval(secs => $2) OR external_id IS NULL AND (desired = 'gone' OR connected_at IS NULL) AND unsure_since <= now() - make_interval(secs => $2))
     RETURNING version`, [id, afterSeconds, storableText(failure)])
  if (!row) return false
  tx.publish({ type: 'instance.updated', id, version: row.version, project: null })
  tx.wake('instances')
  return true
}
