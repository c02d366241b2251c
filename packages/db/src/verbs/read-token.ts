import type { Database } from '../database.js'

export type KnownToken = {
  id: number
  name: string
  username: string
  fullName: string | null
  email: string | null
  /** Of its user; none when they were last said longer ago than they count. */
  groups: string[]
  scopes: string[]
  /** Its use, or what is known of its user, should be noted. */
  stale: boolean
}

/** For so long a user's groups count for his tokens after they were last said. */
export const GROUPS_COUNT_DAYS = 90

/** What is known of a token that works, with what its user's newest session says of him. Null: there is none of this hash. */
export async function readToken({ pool }: Pick<Database, 'pool'>, { hash, authority }: { hash: Buffer; authority: string }): Promise<KnownToken | null> {
  const { rows: [token] } = await pool.query<KnownToken>(
    `SELECT t.id, t.name, t.username, coalesce(s.full_name, t.full_name) AS "fullName", coalesce(s.email, t.email) AS email, t.scopes,
       CASE WHEN coalesce(s.created_at, t.vouched_at) > now() - make_interval(days => $3) THEN coalesce(s.groups, t.groups) ELSE '{}' END AS groups,
       s.created_at IS NOT NULL OR t.used_at IS NULL OR t.used_at < now() - interval '10 minutes' AS stale
     FROM api_tokens t LEFT JOIN LATERAL (SELECT full_name, email, groups, created_at FROM user_sessions u
       WHERE u.username = t.username AND u.authority = t.authority AND u.created_at > t.vouched_at ORDER BY u.created_at DESC LIMIT 1) s ON true
     WHERE t.hash = $1 AND t.authority = $2 AND t.revoked_at IS NULL AND t.expires_at > now()`, [hash, authority, GROUPS_COUNT_DAYS])
  return token ?? null
}
