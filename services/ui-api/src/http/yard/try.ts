import { transaction } from '@yardmaster/db'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import { routes, type TryUser } from '@yardmaster/rest'
import { Router, type Request, type RequestHandler } from 'express'
import { clientAddress } from '../../access/client-address.js'
import { addressKey } from '../../access/client-key.js'
import type { Deps } from '../../deps.js'
import { allowedTo, chooseTry, tryPatch, type Allowed } from '../../do/try.js'
import { serve, type Handler } from './serve.js'
import { YardError } from './yard-error.js'

/** Wrong passwords for one name from one address in a minute. */
const MOST_WRONG = 20
/** For whatever names from one address: what is counted by name is forgotten when more names are tried than are counted. */
const MOST_WRONG_OF_ADDRESS = 100
/** Names that are counted. */
const MOST_COUNTED = 1_000
const WINDOW_MS = 60_000

/** `yard try`: patches from working trees, for who has a name and password of a try scheduler. */
export function tryRoutes(deps: Deps): Router {
  const { db, logger } = deps
  const router = Router({ strict: true, caseSensitive: true })
  const door = new Door(deps)
  serve(router, deps, routes.try.schedulers, ({ request }) =>
    ({ schedulers: door.open(request).allowed.map(({ scheduler: { name, builders, codebases } }) => ({ name, builders, codebases: Object.keys(codebases) })) }))
  // Of who may not, no body is read.
  const knock: RequestHandler = (request, _response, next) => { door.open(request); next() }
  const handle: Handler<typeof routes.try.try> = async ({ body, request }) => {
    const { allowed, username } = door.open(request)
    const chosen = chooseTry(allowed, body)
    const { schedulerId, ...tried } = await transaction(db, null, async tx => {
      const added = await tryPatch(tx, chosen, { username, body })
      await recordControl(tx, { actor: `user:${username}`, action: 'try', thing: 'schedulers', thingId: added.schedulerId, parameters: { buildset: added.buildsetid }, from: { username, via: 'user', address: clientAddress(request) } })
      return added
    })
    logger.info({ actor: `user:${username}`, action: 'try', scheduler: schedulerId, buildset: tried.buildsetid }, 'control')
    return tried
  }
  serve(router, deps, routes.try.try, { before: knock, handle })
  return router
}

/** Lets those in who have a name and password, and slows down who guesses. */
class Door {
  readonly #wrong = new Map<string, number>()
  #since = 0

  constructor(private readonly deps: Deps) {}

  /** Throws YardError: 401, or 429 after too many wrong ones. */
  open(request: Request): { allowed: Allowed[]; username: string } {
    if (this.deps.clock.monotonic() - this.#since > WINDOW_MS) this.#wrong.clear()
    const user = credentials(request)
    const who = `${addressKey(request)} ${user?.username.slice(0, 100) ?? ''}`
    const address = addressKey(request)
    const wrong = this.#wrong.get(who) ?? 0
    if (wrong >= MOST_WRONG || (this.#wrong.get(address) ?? 0) >= MOST_WRONG_OF_ADDRESS) throw new YardError(429, 'too many wrong passwords: try again in a minute')
    const allowed = user ? allowedTo(this.deps, user) : []
    if (user && allowed.length > 0) return { allowed, username: user.username }
    if (user) {
      this.#count(who, wrong + 1)
      this.#count(address, (this.#wrong.get(address) ?? 0) + 1)
    }
    throw new YardError(401, user ? `no try scheduler knows the user '${user.username.slice(0, 100)}' with this password` : "try wants a user and a password (Basic) that a schedulers.try of the configuration names")
  }

  /** The minute begins with the first wrong one. */
  #count(who: string, wrong: number): void {
    if (this.#wrong.size === 0) this.#since = this.deps.clock.monotonic()
    this.#wrong.delete(who)
    this.#wrong.set(who, wrong)
    for (const oldest of [...this.#wrong.keys()].slice(0, -MOST_COUNTED)) this.#wrong.delete(oldest)
  }
}

function credentials(request: Request): TryUser | null {
  const [scheme = '', encoded = ''] = (request.get('authorization') ?? '').split(' ')
  if (scheme.toLowerCase() !== 'basic') return null
  const [, username, password] = /^([^:]*):([^]*)$/.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? []
  return username && password ? { username, password } : null
}
