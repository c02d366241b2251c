import { FAILURES_OF_A_TARGET, SENDINGS_AT_ONCE } from '@yardmaster/domain'
import type { Database } from '../database.js'

/** Somebody of the same line is before it. */
export const olderInLine = (n: string): string =>
  `EXISTS (SELECT 1 FROM notifications o WHERE o.target = ${n}.target AND o.subject = ${n}.subject AND o.id < ${n}.id AND (o.state = 'waiting' OR o.state = 'sending'))`

export type Due = { id: number; attempts: number }

/** What of a set could be sent now: the first of each line, of each target as many as it has room for. */
export async function readDueNotifications(db: Database, set: string): Promise<Due[]> {
  const { rows } = await db.pool.query<Due>(
    `SELECT n.id, n.attempts FROM notification_targets t CROSS JOIN LATERAL (
       SELECT n.id, n.attempts FROM notifications n WHERE n.target = t.target AND n.state = 'waiting' AND n.set_name = $1 AND n.due_at <= now() AND n.deadline_at > now() AND NOT ${olderInLine('n')}
       ORDER BY n.id LIMIT greatest(0, CASE WHEN t.failures >= $2 THEN 1 ELSE $3 END - (SELECT count(*) FROM notifications s WHERE s.target = t.target AND s.state = 'sending'))) n
     WHERE (t.limited_until IS NULL OR t.limited_until <= now()) AND EXISTS (SELECT 1 FROM notifications w WHERE w.target = t.target AND w.state = 'waiting' AND w.due_at <= now())
     ORDER BY n.id`, [set, FAILURES_OF_A_TARGET, SENDINGS_AT_ONCE])
  return rows
}

/** Milliseconds until the next one is due; null: none waits for a time. */
export async function nextDueMs(db: Database, set: string): Promise<number | null> {
  const { rows: [row] } = await db.pool.query<{ ms: number | null }>(
    `SELECT (extract(epoch FROM least(
       (SELECT min(due_at) FROM notifications WHERE state = 'waiting' AND due_at > now() AND set_name = $1),
       (SELECT min(limited_until) FROM notification_targets WHERE limited_until > now())) - now()) * 1000)::float8 AS ms`, [set])
  return row?.ms ?? null
}
