import type { Database } from '../database.js'

export type UserSession = { /** What it was begun at. */ authority: string; username: string; fullName: string | null; email: string | null; groups: string[]; credential: Buffer | null; /** Its last use should be noted. */ stale: boolean }

/** By the hex of their ids: those that have not expired. */
export async function readUserSessions(db: Database, ids: readonly Buffer[]): Promise<Map<string, UserSession>> {
  const { rows } = await db.pool.query<UserSession & { key: string }>(
    `SELECT encode(id, 'hex') AS key, authority, username, full_name AS "fullName", email, groups, credential, seen_at < now() - interval '1 minute' AS stale
     FROM user_sessions WHERE id = ANY($1) AND expires_at > now()`, [ids])
  return new Map(rows.map(({ key, ...session }) => [key, session]))
}
