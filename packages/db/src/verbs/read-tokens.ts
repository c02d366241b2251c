import type { Database } from '../database.js'

export type KnownToken = {
  id: number
  name: string
  /** What its user signs in at. */
  authority: string
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

/** What is known of tokens that work, with what their users' newest sessions say of them; by the hex of their hashes. */
export async function readTokens({ pool }: Pick<Database, 'pool'>, hashes: readonly Buffer[]): Promise<Map<string, KnownToken>> {
  const { rows } = await pool.query<KnownToken & { key: string }>(
    `SELECT encode(t.hash, 'hex') AS key, t.id, t.name, t.authority, t.username, coalesce(s.full_name, t.full_name) AS "fullName", coalesce(s.email, t.email) AS email, t.scopes,
       CASE WHEN coalesce(s.created_at, t.vouched_at) > now() - make_interval(days => $2) THEN coalesce(s.groups, t.groups) ELSE '{}' END AS groups,
       s.created_at IS NOT NULL OR t.used_at IS NULL OR t.used_at < now() - interval '10 minutes' AS stale
     FROM api_tokens t LEFT JOIN LATERAL (SELECT full_name, email, groups, created_at FROM user_sessions u
       WHERE u.username = t.username AND u.authority = t.authority AND u.created_at > t.vouched_at ORDER BY u.created_at DESC LIMIT 1) s ON true
     WHERE t.hash = ANY($1) AND t.revoked_at IS NULL AND t.expires_at > now()`, [hashes, GROUPS_COUNT_DAYS])
  return new Map(rows.map(({ key, ...token }) => [key, token]))
}
