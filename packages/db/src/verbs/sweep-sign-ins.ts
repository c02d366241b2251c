import type { Transaction } from '../transaction.js'

/** Removes sessions that have expired and failures that are forgotten, at most `limit` of each. Returns how many. */
export async function sweepSignIns(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  const sessions = await tx.execute('DELETE FROM user_sessions WHERE id IN (SELECT id FROM user_sessions WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)', [limit])
  const failures = await tx.execute(
    `DELETE FROM sign_in_failures WHERE subject IN (SELECT subject FROM sign_in_failures WHERE last_at < now() - interval '1 day' ORDER BY last_at LIMIT $1 FOR UPDATE SKIP LOCKED)`, [limit])
  return sessions + failures
}
