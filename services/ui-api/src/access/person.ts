import type { Caller } from '@yardmaster/domain'
import { SignInRefused } from './www-of.js'

/** Who somebody has proven to be. */
export type Person = { username: string; fullName: string | null; email: string | null; groups: string[] }

/** Of a text from outside: what a page and a row take. */
const clean = (text: string | null | undefined): string | null => text?.replaceAll(/\p{Cc}/gu, ' ').trim().slice(0, 255) || null

/** Throws SignInRefused for a name that cannot be one. */
export function personOf({ username, fullName, email, groups }: { username: string | null | undefined; fullName?: string | null | undefined; email?: string | null | undefined; groups?: readonly string[] }): Person {
  const name = clean(username)
  if (name === null || name !== username) throw new SignInRefused(403, 'nobody is signed in: no usable user name was told')
  // As it stands in the record of who did what.
  if (name === 'anonymous') throw new SignInRefused(403, "nobody is signed in: 'anonymous' is the name of those who have not")
  return { username: name, fullName: clean(fullName), email: clean(email), groups: [...new Set((groups ?? []).flatMap(group => clean(group) ?? []))].slice(0, 1_000) }
}

export const callerFor = ({ username, fullName, email, groups }: Person): Caller => ({ kind: 'user', actor: `user:${username}`, username, fullName, email, groups, scopes: null })
