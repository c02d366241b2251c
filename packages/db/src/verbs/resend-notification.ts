import type { Transaction } from '../transaction.js'

export type Resent = { id: number } | 'absent' | 'superseded' | 'sending'

/** A day, for what somebody wants to be sent again. */
const DEADLINE_SECONDS = 86_400

/**
 * Somebody wants it to be sent: one that waits at once, one that has ended once more, as a new notification. 'superseded': a newer status of its subject is known, and the
 * older one would undo it. 'sending': that is just being done.
 */
export async function resendNotification(tx: Transaction, { id }: { id: number }): Promise<Resent> {
  const [row] = await tx.query<{ state: string; newer: boolean; build_id: number | null }>(
    `SELECT state, build_id, delivery = 'status' AND EXISTS (SELECT 1 FROM notifications m WHERE m.target = n.target AND m.subject = n.subject AND m.id > n.id AND m.delivery = 'status'
       AND m.set_name = n.set_name AND m.reporter = n.reporter) AS newer FROM notifications n WHERE id = $1 FOR NO KEY UPDATE`, [id])
  if (!row) return 'absent'
  if (row.state === 'sending') return 'sending'
  if (row.newer) return 'superseded'
  const parents = row.build_id === null ? {} : { build: row.build_id }
  tx.wake('notifications')
  if (row.state === 'waiting') {
    const [updated] = await tx.query<{ version: number }>('UPDATE notifications SET due_at = now(), version = version + 1 WHERE id = $1 RETURNING version', [id])
    tx.publish({ type: 'notification.updated', id, version: updated!.version, project: null, parents })
    return { id }
  }
  const columns = 'set_name, reporter, kind, target, subject, delivery, event, summary, payload, remark, on_unknown, builder_id, build_request_id, build_id, buildset_id, worker_id, pool_id'
  const [added] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO notifications (${columns}, deadline_at, resent_of) SELECT ${columns}, now() + make_interval(secs => $2), id FROM notifications WHERE id = $1 RETURNING id, version`, [id, DEADLINE_SECONDS])
  tx.publish({ type: 'notification.new', id: added!.id, version: added!.version, project: null, parents })
  return { id: added!.id }
}

/** Somebody wants it to be tried no more. Returns false when it does not wait. */
export async function giveUpNotification(tx: Transaction, { id, reason }: { id: number; reason: string }): Promise<boolean> {
  const [row] = await tx.query<{ version: number; build_id: number | null }>(
    `UPDATE notifications SET state = 'gave_up', ended_at = now(), detail = concat_ws(': ', $2::text, detail), version = version + 1 WHERE id = $1 AND state = 'waiting' RETURNING version, build_id`, [id, reason])
  if (!row) return false
  tx.publish({ type: 'notification.updated', id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  tx.wake('notifications')
  return true
}
