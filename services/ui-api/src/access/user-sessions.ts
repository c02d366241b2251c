import { transaction } from '@yardmaster/db'
import { endUserSessions } from '@yardmaster/db/verbs/end-user-sessions'
import { prolongUserSessions } from '@yardmaster/db/verbs/prolong-user-sessions'
import { readUserSessions } from '@yardmaster/db/verbs/read-user-sessions'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import { startUserSession } from '@yardmaster/db/verbs/start-user-session'
import { authorityOf, isOAuth, letsMembersIn, type AuthConfig, type SessionsConfig, type WwwConfig } from '@yardmaster/domain'
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'
import { BoundedMap } from './bounded-map.js'
import { clientAddress } from './client-address.js'
import { cookieName, cookiePlace, readCookie, setCookieLine } from './cookies.js'
import { digest } from './digest.js'
import { gathered } from './gathered.js'
import type { LookUps } from './look-ups.js'
import { takesPasswords, type PasswordUsers } from './password-users.js'
import type { Person } from './person.js'
import { wwwOf } from './www-of.js'

/** As long as a session that was ended on another replica may still count here. */
const KEPT_MS = 5_000
const MOST_KEPT = 10_000

export type UserSessions = {
  /** Who is signed in by the request's cookie; null: nobody. `now`: not as it was known up to 5 s ago. */
  find(request: IncomingMessage, now?: boolean): Promise<Person | null>
  /** The value for Set-Cookie. A session that the request had is ended: what was known before the sign-in is worth nothing after it. */
  start(request: IncomingMessage, person: Person, heldAgainst: string | null): Promise<string>
  /** Of the request, or all of its user. The value for Set-Cookie. */
  end(request: IncomingMessage, everywhere: boolean): Promise<string>
  /** Whether the request has what might be a session. */
  brings(request: IncomingMessage): boolean
}

/**
 * Of the password that a session began with, kept with it: with another one the session is over, on every replica. Its key is what the
 * browser alone has, so nobody who reads the row can try passwords on it.
 */
export const credentialOf = (value: string, heldAgainst: string): Buffer => createHmac('sha256', value).update(heldAgainst).digest()

/** What a provider has said of somebody counts for so long, since it is asked at the sign-in alone. */
const boundsOf = ({ auth, sessions }: WwwConfig): SessionsConfig => isOAuth(auth) ? { ...sessions, longest: Math.min(sessions.longest, sessions.oauth) } : sessions

type Means = { users: Pick<PasswordUsers, 'heldAgainst'>; lookUps: LookUps }

/** Rows, valid on any replica. */
export function openUserSessions(deps: Pick<Deps, 'db' | 'clock' | 'random' | 'settings' | 'activeGeneration'>, { users, lookUps }: Means): UserSessions {
  const { db, clock, random, settings: { baseUrl } } = deps
  const place = cookiePlace(baseUrl)
  const name = cookieName('yard_session', place)
  const kept = new BoundedMap<{ until: number; person: Promise<Person | null> }>(MOST_KEPT)
  const valueIn = (request: IncomingMessage): string | null => readCookie(request, name) || null

  async function hasThatPassword(auth: AuthConfig, value: string, { username, credential }: { username: string; credential: Buffer | null }): Promise<boolean> {
    if (!takesPasswords(auth)) return true
    const heldAgainst = await users.heldAgainst(auth, username)
    return heldAgainst !== null && credential !== null && timingSafeEqual(credentialOf(value, heldAgainst), credential)
  }
  const read = gathered(ids => readUserSessions(db, ids))
  const prolong = gathered(async ids => {
    const { idle, longest } = boundsOf(wwwOf(deps))
    const prolonged = await transaction(db, null, tx => prolongUserSessions(tx, { ids, idleSeconds: idle, longestSeconds: longest }))
    return new Map([...prolonged].map(key => [key, true]))
  })

  async function look(value: string, auth: AuthConfig): Promise<Person | null> {
    const id = digest(value)
    const session = await read(id)
    if (session?.authority !== authorityOf(auth) || !letsMembersIn(auth, session.groups) || !await hasThatPassword(auth, value, session)) return null
    if (session.stale && !await prolong(id)) return null
    const { username, fullName, email, groups } = session
    return { username, fullName, email, groups }
  }

  const end = async (value: string, everywhere: boolean, address: string) => {
    const id = digest(value)
    const person = await look(value, wwwOf(deps).auth)
    await transaction(db, null, async tx => {
      if (await endUserSessions(tx, { id, everywhere }) > 0 && person) await recordControl(tx, { actor: `user:${person.username}`, action: everywhere ? 'sign_out_everywhere' : 'sign_out', thing: 'sessions', thingId: null, parameters: {}, from: { username: person.username, via: 'user', address } })
    })
    kept.clear()
  }

  return {
    brings: request => readCookie(request, name) !== undefined,
    find(request, now = false) {
      const value = valueIn(request)
      if (value === null) return Promise.resolve(null)
      const { auth } = wwwOf(deps)
      const key = `${digest(value).toString('base64')} ${authorityOf(auth)}`
      const found = kept.get(key)
      if (!now && found && found.until > clock.monotonic()) return found.person
      const person = lookUps.find(request, `session ${key}`, () => look(value, auth))
      const mine = { until: clock.monotonic() + KEPT_MS, person }
      kept.set(key, mine)
      const forget = () => { if (kept.get(key) === mine) kept.delete(key) }
      // Those that are none must not push out those that are.
      person.then(found => { if (found === null) forget() }, forget)
      return person
    },
    async start(request, person, heldAgainst) {
      const before = valueIn(request)
      const value = random.bytes(32).toString('base64url')
      const { auth } = wwwOf(deps)
      const { idle, longest, mostPerUser } = boundsOf(wwwOf(deps))
      const credential = heldAgainst === null ? null : credentialOf(value, heldAgainst)
      await transaction(db, null, async tx => {
        if (before) await endUserSessions(tx, { id: digest(before), everywhere: false })
        await startUserSession(tx, { id: digest(value), ...person, authority: authorityOf(auth), credential, idleSeconds: Math.min(idle, longest), most: mostPerUser })
        await recordControl(tx, { actor: `user:${person.username}`, action: 'sign_in', thing: 'sessions', thingId: null, parameters: { by: authorityOf(auth) }, from: { username: person.username, via: 'user', address: clientAddress(request) } })
      })
      return setCookieLine(name, value, place, longest)
    },
    async end(request, everywhere) {
      const value = valueIn(request)
      if (value !== null) await end(value, everywhere, clientAddress(request))
      return setCookieLine(name, '', place, 0)
    },
  }
}
