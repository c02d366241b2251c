import { FAILURES_OF_A_TARGET, SENDINGS_AT_ONCE, type Json, type Message } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { olderInLine } from './read-due-notifications.js'

/** The rows that it is about, as far as there are some. */
export type AttemptAbout = { buildId: number | null; buildRequestId: number | null; buildsetId: number | null }

/** What is sent, by this attempt. */
export type Attempt = Message & { id: number; attempt: number; reporter: string; kind: string; event: string; setName: string; onUnknown: 'stop' | 'retry'; about: AttemptAbout }

type Row = { id: number; attempts: number; version: number; set_name: string; reporter: string; kind: string; target: string; subject: string; delivery: 'status' | 'message'; event: string; summary: string; payload: Json; on_unknown: 'stop' | 'retry'; build_id: number | null; build_request_id: number | null; buildset_id: number | null; seconds_left: number }

const COLUMNS = 'id, attempts, version, set_name, reporter, kind, target, subject, delivery, event, summary, payload, on_unknown, build_id, build_request_id, buildset_id, extract(epoch FROM deadline_at - now())::float8 AS seconds_left'

/**
 * This replica sends a notification: it is due, the first of its line, and its target has room and asked for no pause. Null: it is not to be sent now, or not any more.
 * Until `endAttempt`, or the replica's burial, nobody else of its line is sent.
 */
export async function beginAttempt(tx: Transaction, { id, replicaId }: { id: number; replicaId: number }): Promise<Attempt | null> {
  // The target's row is held by whoever begins: so what is counted, and who is first, is true until the commit.
  const [target] = await tx.query<{ failures: number; limited: boolean }>(
    `SELECT failures, coalesce(limited_until > now(), false) AS limited FROM notification_targets WHERE target = (SELECT target FROM notifications WHERE id = $1) FOR NO KEY UPDATE`, [id])
  if (!target || target.limited) return null
  const [row] = await tx.query<Row>(
    `UPDATE notifications n SET state = 'sending', replica_id = $2, attempts = attempts + 1, version = version + 1
     WHERE id = $1 AND state = 'waiting' AND due_at <= now() AND deadline_at > now() AND NOT ${olderInLine('n')}
       AND (SELECT count(*) FROM notifications s WHERE s.target = n.target AND s.state = 'sending') < $3 RETURNING ${COLUMNS}`,
    [id, replicaId, target.failures >= FAILURES_OF_A_TARGET ? 1 : SENDINGS_AT_ONCE])
  if (!row) return null
  await tx.execute('INSERT INTO notification_attempts (notification_id, number, replica_id) VALUES ($1, $2, $3)', [id, row.attempts, replicaId])
  tx.publish({ type: 'notification.updated', id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  return attemptOf(row)
}

/** What this replica began to send, for one who never learned whether the beginning was committed. Null: it was not. */
export async function resumeAttempt(tx: Transaction, { id, replicaId }: { id: number; replicaId: number }): Promise<Attempt | null> {
  const [row] = await tx.query<Row>(`SELECT ${COLUMNS} FROM notifications WHERE id = $1 AND state = 'sending' AND replica_id = $2`, [id, replicaId])
  return row ? attemptOf(row) : null
}

function attemptOf({ build_id: buildId, build_request_id: buildRequestId, buildset_id: buildsetId, attempts, set_name, on_unknown, seconds_left, id, reporter, kind, target, subject, delivery, event, summary, payload }: Row): Attempt {
  return { id, attempt: attempts, setName: set_name, onUnknown: on_unknown, deadline: seconds_left, reporter, kind, target, subject, delivery, event, summary, payload, about: { buildId, buildRequestId, buildsetId } }
}
