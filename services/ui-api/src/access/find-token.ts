import { noteTokenUse } from '@yardmaster/db/verbs/note-token-use'
import { readTokens } from '@yardmaster/db/verbs/read-tokens'
import { authorityOf, type Caller } from '@yardmaster/domain'
import type { Deps } from '../deps.js'
import { gathered } from './gathered.js'
import { authOf } from './www-of.js'

/** Of a token that was made where nobody signs in: its user is nobody in particular. */
export const nobody = 'anonymous'

/** Whose token it is, by its hash, with its scopes. Null: nobody's, or it has expired or was revoked. */
export type FindToken = (hash: Buffer) => Promise<Caller | null>

export function openTokens(deps: Pick<Deps, 'db' | 'activeGeneration'>): FindToken {
  const read = gathered(hashes => readTokens(deps.db, hashes))
  return async hash => {
    const authority = authorityOf(authOf(deps))
    const known = await read(hash)
    if (known?.authority !== authority) return null
    if (known.stale) await noteTokenUse(deps.db, known.id)
    const { name, username, fullName, email, groups, scopes } = known
    return { kind: 'token', actor: `token:${username}/${name}`, username: username === nobody ? null : username, fullName, email, groups, scopes }
  }
}
