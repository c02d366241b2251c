import type { Transaction } from '../transaction.js'

type Prolonged = { id: Buffer; idleSeconds: number; /** Since it began. */ longestSeconds: number }

/** Notes that a session was used: it goes on from now. Returns false when it is over. */
export async function prolongUserSession(tx: Transaction, { id, idleSeconds, longestSeconds }: Prolonged): Promise<boolean> {
  return await tx.execute(
    `UPDATE user_sessions SET seen_at = now(), expires_at = least(created_at + make_interval(secs => $3), now() + make_interval(secs => $2)) WHERE id = $1 AND expires_at > now()`,
    [id, idleSeconds, longestSeconds]) === 1
}
