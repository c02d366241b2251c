import { afterAttempt, FAILURES_OF_A_TARGET, type AttemptOutcome, type Message, type NotificationState } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { addRest } from './add-rest.js'

export type AttemptEnding = {
  id: number
  replicaId: number
  attempt: number
  outcome: AttemptOutcome
  detail: string
  reference?: string | null
  /** What is still to be told, where it was sent. */
  rest?: readonly Message[]
  /** Until the next try, if there is one. */
  delayMs: number
  /** Nobody there is to be told anything before that. */
  limited: boolean
}

const LONGEST_DETAIL = 2_000
/** The other side, or a function of the configuration, may ask for any pause: for ever is none. */
const LONGEST_DELAY_MS = 3_600_000
const LONGEST_TARGET_PAUSE_SECONDS = 30

type Row = { target: string; delivery: 'status' | 'message'; on_unknown: 'stop' | 'retry'; build_id: number | null; newer: boolean; in_time: boolean }

/**
 * What came of an attempt. Returns what the notification is now; null: it was not this replica's any more (it was buried, and what it did counts as unknown).
 * Failures in a row make the target wait, a success forgives them and lets all that waits for it go at once.
 */
export async function endAttempt(tx: Transaction, ending: AttemptEnding): Promise<NotificationState | null> {
  const { id, replicaId, attempt, outcome } = ending
  const detail = storableText(ending.detail.slice(0, LONGEST_DETAIL))
  const reference = ending.reference ? storableText(ending.reference).slice(0, LONGEST_DETAIL) : null
  const delayMs = Math.min(Math.max(ending.delayMs || 0, 0), LONGEST_DELAY_MS)
  await tx.execute('SELECT 1 FROM notification_targets WHERE target = (SELECT target FROM notifications WHERE id = $1) FOR NO KEY UPDATE', [id])
  const [row] = await tx.query<Row>(
    `SELECT target, delivery, on_unknown, build_id, ${newerStatus('n')} AS newer, now() + make_interval(secs => $4) < deadline_at AS in_time
     FROM notifications n WHERE id = $1 AND state = 'sending' AND replica_id = $2 AND attempts = $3 FOR NO KEY UPDATE`, [id, replicaId, attempt, delayMs / 1000])
  if (!row) return null
  const state = afterAttempt({ outcome, delivery: row.delivery, onUnknown: row.on_unknown, newer: row.newer, inTime: row.in_time })
  const [updated] = await tx.query<{ version: number }>(
    `UPDATE notifications SET state = $2, replica_id = NULL, detail = $3, reference = coalesce($4, reference), due_at = now() + make_interval(secs => $5),
       ended_at = CASE WHEN $2 = 'waiting' THEN NULL ELSE now() END, version = version + 1 WHERE id = $1 RETURNING version`,
    [id, state, detail, reference, state === 'waiting' ? delayMs / 1000 : 0])
  await tx.execute('UPDATE notification_attempts SET ended_at = now(), outcome = $3, detail = $4 WHERE notification_id = $1 AND number = $2', [id, attempt, outcome, detail])
  await noteTarget(tx, row.target, { ...ending, delayMs, detail })
  if (state === 'sent') await addRest(tx, { id, rest: ending.rest ?? [] })
  tx.publish({ type: 'notification.updated', id, version: updated!.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  tx.wake('notifications')
  return state
}

/** A refusal is an answer: the target is there. */
async function noteTarget(tx: Transaction, target: string, { outcome, limited, delayMs, detail }: AttemptEnding): Promise<void> {
  if (outcome === 'sent' || outcome === 'refused') {
    const back = await tx.execute('UPDATE notification_targets SET failures = 0, limited_until = NULL, limit_reason = NULL WHERE target = $1 AND failures >= $2', [target, FAILURES_OF_A_TARGET])
    if (back > 0) await tx.execute(`UPDATE notifications SET due_at = now() WHERE target = $1 AND state = 'waiting' AND due_at > now()`, [target])
    else await tx.execute('UPDATE notification_targets SET failures = 0 WHERE target = $1 AND failures > 0', [target])
    return
  }
  await tx.execute(
    `UPDATE notification_targets SET failures = failures + 1, limit_reason = CASE WHEN $3 OR failures + 1 >= $5 THEN $4 ELSE limit_reason END,
       limited_until = CASE WHEN $3 THEN greatest(limited_until, now() + make_interval(secs => $2))
         WHEN failures + 1 >= $5 THEN greatest(limited_until, now() + make_interval(secs => least(power(2, least(failures + 1 - $5, 10)), $6))) ELSE limited_until END
     WHERE target = $1`, [target, delayMs / 1000, limited, detail, FAILURES_OF_A_TARGET, LONGEST_TARGET_PAUSE_SECONDS])
}

/** A status of the same subject that came later. */
export const newerStatus = (n: string): string =>
  `EXISTS (SELECT 1 FROM notifications m WHERE m.target = ${n}.target AND m.subject = ${n}.subject AND m.id > ${n}.id AND (m.state = 'waiting' OR m.state = 'sending')
     AND m.delivery = 'status' AND m.set_name = ${n}.set_name AND m.reporter = ${n}.reporter)`
