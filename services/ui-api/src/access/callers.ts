import { anonymous, letsMembersIn, stranger, type Caller } from '@yardmaster/domain'
import { openPasswords } from '@yardmaster/runtime/passwords'
import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'
import { isForeign } from './caller-of.js'
import { openTokens } from './find-token.js'
import { isFromThisMachine } from './from-this-machine.js'
import { openLookUps } from './look-ups.js'
import { openPasswordUsers, type PasswordUsers } from './password-users.js'
import { callerFor } from './person.js'
import { remoteUser } from './remote-user.js'
import { hashOfToken } from './token-text.js'
import { openUserSessions, type UserSessions } from './user-sessions.js'
import { authOf } from './www-of.js'

export type Callers = {
  /** Who sends it: by token, the proxy's word, or session (looked up once in 5 s, unless it is asked who it is `now`). Throws Unauthorized for a token that is none, SignInRefused for too many. */
  find(request: IncomingMessage, now?: boolean): Promise<Caller>
  sessions: UserSessions
  users: PasswordUsers
  close(): Promise<void>
}

/** Answered with 401. */
export class Unauthorized extends Error {
  override name = 'Unauthorized'
  readonly status = 401
}

/** The token of `Authorization: Bearer TOKEN`. */
export function bearerOf({ headers }: Pick<IncomingMessage, 'headers'>): string | null {
  return /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

export function openCallers(deps: Deps): Callers {
  const passwords = openPasswords()
  const users = openPasswordUsers(deps, passwords)
  const lookUps = openLookUps({ clock: deps.clock, auth: () => authOf(deps) })
  const sessions = openUserSessions(deps, { users, lookUps })
  const findToken = openTokens(deps)
  const byToken = async (request: IncomingMessage, token: string): Promise<Caller> => {
    const auth = authOf(deps)
    const hash = hashOfToken(token)
    const caller = hash && await lookUps.find(request, `token ${hash.toString('base64')}`, async () => {
      const found = await findToken(hash)
      return found && (found.username === null || (letsMembersIn(auth, found.groups) && await users.has(auth, found.username))) ? found : null
    })
    if (!caller) throw new Unauthorized('the token is not valid: it may have expired, or been revoked')
    return caller
  }
  return {
    users, sessions,
    close: () => passwords.close(),
    async find(request, now = false) {
      const auth = authOf(deps)
      const token = bearerOf(request)
      // Whoever sends one means it: another right than its own must not step in.
      if (token !== null) return byToken(request, token)
      if (isForeign(request)) return auth.kind === 'none' ? stranger : anonymous
      if (auth.kind === 'none') return auth.anywhere || isFromThisMachine(request, deps.settings.baseUrl) ? anonymous : stranger
      const person = auth.kind === 'remoteUser' ? remoteUser(request, auth) : await sessions.find(request, now)
      return person ? callerFor(person) : anonymous
    },
  }
}
