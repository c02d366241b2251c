import type { Database } from '../database.js'

export type UserSession = { username: string; fullName: string | null; email: string | null; groups: string[]; credential: Buffer | null; /** Its last use should be noted. */ stale: boolean }

/** Null: there is none of this id and authority that has not expired. */
export async function readUserSession(db: Database, { id, authority }: { id: Buffer; authority: string }): Promise<UserSession | null> {
  const { rows } = await db.pool.query<UserSession>(
    `SELECT username, full_name AS "fullName", email, groups, credential, seen_at < now() - interval '1 minute' AS stale
     FROM user_sessions WHERE id = $1 AND authority = $2 AND expires_at > now()`, [id, authority])
  return rows[0] ?? null
}
