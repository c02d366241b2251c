import type { Transaction } from '../transaction.js'

type Prolonged = { ids: readonly Buffer[]; idleSeconds: number; /** Since they began. */ longestSeconds: number }

/** Notes that sessions were used: they go on from now. Answers those that are not over, by the hex of their ids. */
export async function prolongUserSessions(tx: Transaction, { ids, idleSeconds, longestSeconds }: Prolonged): Promise<Set<string>> {
  const rows = await tx.query<{ key: string }>(
    `WITH held AS (SELECT id FROM user_sessions WHERE id = ANY($1) AND expires_at > now() ORDER BY id FOR UPDATE)
     UPDATE user_sessions s SET seen_at = now(), expires_at = least(created_at + make_interval(secs => $3), now() + make_interval(secs => $2))
     FROM held WHERE s.id = held.id AND s.expires_at > now() RETURNING encode(s.id, 'hex') AS key`, [ids, idleSeconds, longestSeconds])
  return new Set(rows.map(({ key }) => key))
}
