import type { Database } from '../database.js'

/** Notes that a token is used, to ten minutes, and what its user's newest session says of him: that may be gone the next time. */
export async function noteTokenUse({ pool }: Pick<Database, 'pool'>, tokenId: number): Promise<void> {
  await pool.query(
    `UPDATE api_tokens t SET used_at = now(), groups = coalesce(s.groups, t.groups), email = coalesce(s.email, t.email), full_name = coalesce(s.full_name, t.full_name), vouched_at = coalesce(s.created_at, t.vouched_at)
     FROM (SELECT $1::bigint AS id) one LEFT JOIN LATERAL (SELECT u.full_name, u.email, u.groups, u.created_at FROM user_sessions u JOIN api_tokens o ON o.id = one.id
       WHERE u.username = o.username AND u.authority = o.authority AND u.created_at > o.vouched_at ORDER BY u.created_at DESC LIMIT 1) s ON true WHERE t.id = one.id`, [tokenId])
}
