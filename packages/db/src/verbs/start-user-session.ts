import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type NewUserSession = {
  /** SHA-256 of what the browser is given. */
  id: Buffer
  username: string
  fullName: string | null
  email: string | null
  groups: readonly string[]
  authority: string
  credential: Buffer | null
  idleSeconds: number
  /** Of one user; the oldest of more are ended. */
  most: number
}

/** Lets somebody who has proven who he is stay signed in. */
export async function startUserSession(tx: Transaction, session: NewUserSession): Promise<void> {
  const { id, username, fullName, email, groups, authority, credential, idleSeconds, most } = session
  await tx.execute(
    `INSERT INTO user_sessions (id, username, full_name, email, groups, authority, credential, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8))`,
    [id, storableText(username), fullName && storableText(fullName), email && storableText(email), groups.map(storableText), authority, credential, idleSeconds])
  await tx.execute(
    `DELETE FROM user_sessions WHERE id IN (SELECT id FROM user_sessions WHERE username = $1 ORDER BY created_at DESC, id OFFSET $2 FOR UPDATE SKIP LOCKED)`, [storableText(username), most])
}
