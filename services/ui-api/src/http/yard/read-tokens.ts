import type { Database } from '@yardmaster/db'
import type { Token } from '@yardmaster/rest'

export type StoredToken = Token & { authority: string }

const MOST = 1_000
const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`

/** The newest first, at most 1,000: that of an id, those of one user, or (null) all. */
export async function readTokens({ pool }: Pick<Database, 'pool'>, authority: string, which: number | { authority: string; username: string } | null): Promise<StoredToken[]> {
  const id = typeof which === 'number' ? which : null
  const owner = typeof which === 'object' ? which : null
  const { rows } = await pool.query<StoredToken>(
    `SELECT id, name, username, authority, scopes, ${seconds('created_at')} AS "createdAt", ${seconds('expires_at')} AS "expiresAt", ${seconds('used_at')} AS "usedAt",
       CASE WHEN revoked_by IS NOT NULL THEN jsonb_build_object('at', ${seconds('revoked_at')}, 'by', revoked_by) END AS revoked,
       revoked_at IS NULL AND expires_at > now() AND authority = $1 AS works
     FROM api_tokens WHERE ($2::bigint IS NULL OR id = $2) AND ($3::text IS NULL OR (authority = $3 AND username = $4)) ORDER BY id DESC LIMIT ${MOST}`,
    [authority, id, owner?.authority ?? null, owner?.username ?? null])
  return rows
}
