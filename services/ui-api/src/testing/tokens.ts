import { transaction } from '@yardmaster/db'
import { createToken } from '@yardmaster/db/verbs/create-token'
import { systemRandom } from '@yardmaster/runtime'
import { hashOfToken, newToken } from '../access/token-text.js'
import type { TestApi } from './api.js'

/** A token of a user who signed in with `auth.users`, without his signing in. */
export async function aToken(api: TestApi, username: string, scopes: string[], { authority = 'users', groups = [], email = null }: { authority?: string; groups?: string[]; email?: string | null } = {}): Promise<string> {
  const token = newToken(systemRandom())
  const name = `of a test ${systemRandom().uuid()}`
  await transaction(api.db, null, tx => createToken(tx, { hash: hashOfToken(token)!, name, authority, username, fullName: null, email, groups, scopes, expiresInSeconds: 3600, most: 100 }))
  return token
}

export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
