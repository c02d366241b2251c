import { createToken } from '@yardmaster/db/verbs/create-token'
import { revokeToken } from '@yardmaster/db/verbs/revoke-token'
import { authorityOf, isStranger } from '@yardmaster/domain'
import { routes } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { authorize } from '../../access/authorize.js'
import { callerOf } from '../../access/caller-of.js'
import { nobody } from '../../access/find-token.js'
import { hashOfToken, newToken } from '../../access/token-text.js'
import { authOf } from '../../access/www-of.js'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readTokens, type StoredToken } from './read-tokens.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

const MOST_OF_ONE_USER = 100

/** Whose tokens are whose: a name counts with who vouches for it. */
type Owner = { authority: string; username: string }

/** What stands for a user in programs: each sees and ends his own; who may administer, all. */
export function tokenRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const { tokens } = routes
  const administers = { action: 'administer', thing: 'api_tokens', id: null } as const
  serve(router, deps, tokens.list, async ({ query, request }) => {
    const owner = ownerOf(deps, request)
    if (query.all) await authorize(deps, request, administers)
    return { tokens: (await readTokens(deps.db, authorityOf(authOf(deps)), query.all ? null : owner)).map(presentOne) }
  })
  serve(router, deps, tokens.create, async ({ body: { name, scopes, days }, request }) => {
    const caller = callerOf(request)
    const secret = newToken(deps.random)
    const created = await act(deps, request, { ...tokens.create.action, id: null, parameters: { name, scopes, days } }, tx => createToken(tx, {
      hash: hashOfToken(secret)!, name, scopes, expiresInSeconds: days * 86_400, most: MOST_OF_ONE_USER, ...ownerOf(deps, request), fullName: caller.fullName, email: caller.email, groups: caller.groups,
    }).then(outcome => {
      if (outcome === 'taken') throw new YardError(409, `you have a token '${name}' already: choose another name, or revoke it first`)
      if (outcome === 'many') throw new YardError(409, `you have ${MOST_OF_ONE_USER} tokens: revoke some first`)
      return outcome
    }))
    return { token: presentOne(await one(deps, created.id)), secret }
  })
  serve(router, deps, tokens.revoke, async ({ params: { token: id }, request }) => {
    const [owner, token] = [ownerOf(deps, request), await one(deps, id)]
    const isOwn = token.authority === owner.authority && token.username === owner.username
    if (!isOwn && !(await deps.access.decide(callerOf(request), administers)).allowed) throw new YardError(404, `not found: you have no token ${id}`)
    const action = isOwn ? tokens.revoke.action : administers
    const done = await act(deps, request, { ...action, id, parameters: { name: token.name, user: token.username } }, (tx, actor) => revokeToken(tx, { tokenId: id, actor }))
    if (!done) throw new YardError(409, `the token '${token.name}' works no more already`)
    return { token: presentOne(await one(deps, id)) }
  })
  return router
}

/** Throws YardError (401) where one has to sign in for that. */
function ownerOf(deps: Deps, request: Request): Owner {
  const auth = authOf(deps)
  const caller = callerOf(request)
  const { username } = caller
  if (username === null && (auth.kind !== 'none' || isStranger(caller))) throw new YardError(401, 'you need to sign in: tokens belong to who makes them')
  return { authority: authorityOf(auth), username: username ?? nobody }
}

async function one({ db, activeGeneration }: Deps, id: number): Promise<StoredToken> {
  const [token] = await readTokens(db, authorityOf(authOf({ activeGeneration })), id)
  if (!token) throw new YardError(404, `not found: you have no token ${id}`)
  return token
}

const presentOne = ({ authority: _authority, ...token }: StoredToken) => token
