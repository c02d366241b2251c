import { noteTokenUse } from '@yardmaster/db/verbs/note-token-use'
import { readToken } from '@yardmaster/db/verbs/read-token'
import { authorityOf, type Caller } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { hashOfToken } from './token-text.js'
import { authOf } from './www-of.js'

/** Whose token it is, with its scopes. Null: nobody's, or it has expired or was revoked. */
export type FindToken = (deps: Pick<Deps, 'db' | 'clock' | 'activeGeneration'>, token: string) => Promise<Caller | null>

/** Of a token that was made where nobody signs in: its user is nobody in particular. */
export const nobody = 'anonymous'

export const findToken: FindToken = async (deps, token) => {
  const hash = hashOfToken(token)
  const known = hash && await readToken(deps.db, { hash, authority: authorityOf(authOf(deps)) })
  if (!known) return null
  if (known.stale) await noteTokenUse(deps.db, known.id)
  const { name, username, fullName, email, groups, scopes } = known
  return { kind: 'token', actor: `token:${username}/${name}`, username: username === nobody ? null : username, fullName, email, groups, scopes }
}
