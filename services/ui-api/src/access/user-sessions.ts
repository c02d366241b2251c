import { transaction } from '@yardmaster/db'
import { endUserSessions } from '@yardmaster/db/verbs/end-user-sessions'
import { prolongUserSession } from '@yardmaster/db/verbs/prolong-user-session'
import { readUserSession } from '@yardmaster/db/verbs/read-user-session'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import { startUserSession } from '@yardmaster/db/verbs/start-user-session'
import { authorityOf, letsMembersIn, type AuthConfig } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'
import { clientAddress } from './client-address.js'
import { cookieName, cookiePlace, readCookie, setCookieLine } from './cookies.js'
import { digest } from './digest.js'
import type { Person } from './person.js'
import { wwwOf } from './www-of.js'

/** As long as a session that was ended on another replica may still count here. */
const KEPT_MS = 5_000
const MOST_KEPT = 10_000

export type UserSessions = {
  /** Who is signed in by the request's cookie; null: nobody. */
  find(request: IncomingMessage): Promise<Person | null>
  /** The value for Set-Cookie. A session that the request had is ended: what was known before the sign-in is worth nothing after it. */
  start(request: IncomingMessage, person: Person, credential: Buffer | null): Promise<string>
  /** Of the request, or all of its user. The value for Set-Cookie. */
  end(request: IncomingMessage, everywhere: boolean): Promise<string>
  /** Whether the request has what might be a session. */
  brings(request: IncomingMessage): boolean
}

type StillThere = (auth: AuthConfig, username: string, credential: Buffer | null) => Promise<boolean>

/** Rows, valid on any replica. `stillThere`: whether the user may still sign in where he did. */
export function openUserSessions(deps: Pick<Deps, 'db' | 'clock' | 'random' | 'settings' | 'activeGeneration'>, stillThere: StillThere): UserSessions {
  const { db, clock, random, settings: { baseUrl } } = deps
  const place = cookiePlace(baseUrl)
  const name = cookieName('yard_session', place)
  const kept = new Map<string, { until: number; person: Promise<Person | null> }>()
  const idIn = (request: IncomingMessage): Buffer | null => {
    const value = readCookie(request, name)
    return value ? digest(value) : null
  }

  async function look(id: Buffer, auth: AuthConfig): Promise<Person | null> {
    const session = await readUserSession(db, { id, authority: authorityOf(auth) })
    if (!session || !letsMembersIn(auth, session.groups) || !await stillThere(auth, session.username, session.credential)) return null
    const { idle, longest } = wwwOf(deps).sessions
    if (session.stale && !await transaction(db, null, tx => prolongUserSession(tx, { id, idleSeconds: idle, longestSeconds: longest }))) return null
    const { username, fullName, email, groups } = session
    return { username, fullName, email, groups }
  }

  const end = async (id: Buffer, everywhere: boolean, address: string) => {
    const person = await look(id, wwwOf(deps).auth)
    await transaction(db, null, async tx => {
      if (await endUserSessions(tx, { id, everywhere }) > 0 && person) await recordControl(tx, { actor: `user:${person.username}`, action: everywhere ? 'sign_out_everywhere' : 'sign_out', thing: 'sessions', thingId: null, parameters: {}, from: { username: person.username, via: 'user', address } })
    })
    kept.clear()
  }

  return {
    brings: request => readCookie(request, name) !== undefined,
    find(request) {
      const id = idIn(request)
      if (!id) return Promise.resolve(null)
      const { auth } = wwwOf(deps)
      const key = `${id.toString('base64')} ${authorityOf(auth)}`
      const found = kept.get(key)
      if (found && found.until > clock.monotonic()) return found.person
      const person = look(id, auth)
      kept.delete(key)
      if (kept.size >= MOST_KEPT) for (const oldest of kept.keys()) { kept.delete(oldest); break }
      kept.set(key, { until: clock.monotonic() + KEPT_MS, person })
      person.catch(() => kept.delete(key))
      return person
    },
    async start(request, person, credential) {
      const before = idIn(request)
      const value = random.bytes(32).toString('base64url')
      const { auth, sessions: { idle, longest, mostPerUser } } = wwwOf(deps)
      await transaction(db, null, async tx => {
        if (before) await endUserSessions(tx, { id: before, everywhere: false })
        await startUserSession(tx, { id: digest(value), ...person, authority: authorityOf(auth), credential, idleSeconds: Math.min(idle, longest), most: mostPerUser })
        await recordControl(tx, { actor: `user:${person.username}`, action: 'sign_in', thing: 'sessions', thingId: null, parameters: { by: authorityOf(auth) }, from: { username: person.username, via: 'user', address: clientAddress(request) } })
      })
      return setCookieLine(name, value, place, longest)
    },
    async end(request, everywhere) {
      const id = idIn(request)
      if (id) await end(id, everywhere, clientAddress(request))
      return setCookieLine(name, '', place, 0)
    },
  }
}
