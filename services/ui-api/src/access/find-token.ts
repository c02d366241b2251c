import { noteTokenUse } from '@yardmaster/db/verbs/note-token-use'
import { readToken } from '@yardmaster/db/verbs/read-token'
import { authorityOf, type Caller } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { authOf } from './www-of.js'

/** Of a token that was made where nobody signs in: its user is nobody in particular. */
export const nobody = 'anonymous'

/** Whose token it is, with its scopes. Null: nobody's, or it has expired or was revoked. */
export async function findToken(deps: Pick<Deps, 'db' | 'activeGeneration'>, hash: Buffer): Promise<Caller | null> {
  const known = await readToken(deps.db, { hash, authority: authorityOf(authOf(deps)) })
  if (!known) return null
  if (known.stale) await noteTokenUse(deps.db, known.id)
  const { name, username, fullName, email, groups, scopes } = known
  return { kind: 'token', actor: `token:${username}/${name}`, username: username === nobody ? null : username, fullName, email, groups, scopes }
}
