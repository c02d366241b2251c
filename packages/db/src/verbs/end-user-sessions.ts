import type { Transaction } from '../transaction.js'

/** Signs out: this session, or all of its user. Returns how many have ended. */
export async function endUserSessions(tx: Transaction, { id, everywhere }: { id: Buffer; everywhere: boolean }): Promise<number> {
  const which = everywhere ? 'username = (SELECT username FROM user_sessions WHERE id = $1)' : 'id = $1'
  return tx.execute(`DELETE FROM user_sessions WHERE id IN (SELECT id FROM user_sessions WHERE ${which} ORDER BY id FOR UPDATE)`, [id])
}
