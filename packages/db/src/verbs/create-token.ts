import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type NewToken = {
  /** SHA-256 of it. */
  hash: Buffer
  name: string
  authority: string
  username: string
  fullName: string | null
  email: string | null
  groups: readonly string[]
  scopes: readonly string[]
  expiresInSeconds: number
  /** Of one user, that still work. */
  most: number
}

/** Keeps a token that somebody was given. 'taken': one of his that still works has this name; 'many': he has too many. */
export async function createToken(tx: Transaction, token: NewToken): Promise<{ id: number } | 'taken' | 'many'> {
  const { hash, authority, username, scopes, expiresInSeconds, most } = token
  const [name, user] = [storableText(token.name), storableText(username)]
  // One after the other, so that none slips over the limit.
  await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('api_tokens ' || $1 || ' ' || $2, 0))", [authority, user])
  // What has expired gives its name free.
  await tx.execute('UPDATE api_tokens SET revoked_at = expires_at WHERE authority = $1 AND username = $2 AND revoked_at IS NULL AND expires_at <= now()', [authority, user])
  const own = await tx.query<{ name: string }>('SELECT name FROM api_tokens WHERE authority = $1 AND username = $2 AND revoked_at IS NULL', [authority, user])
  if (own.some(one => one.name === name)) return 'taken'
  if (own.length >= most) return 'many'
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO api_tokens (hash, name, authority, username, full_name, email, groups, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now() + make_interval(secs => $9)) RETURNING id`,
    [hash, name, authority, user, token.fullName && storableText(token.fullName), token.email && storableText(token.email), token.groups.map(storableText), scopes.map(storableText), expiresInSeconds])
  return row!
}
