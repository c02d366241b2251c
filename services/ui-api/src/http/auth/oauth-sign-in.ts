import { nameOfAuth, type OAuthConfig } from '@yardmaster/domain'
import type { Request, Response } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { AuthorizationResponseError, authorizationCodeGrant, buildAuthorizationUrl, ResponseBodyError } from 'openid-client'
import { z } from 'zod'
import type { Callers } from '../../access/callers.js'
import { clientAddress } from '../../access/client-address.js'
import { cookieName, cookieNames, cookiePlace, readCookie, setCookieLine } from '../../access/cookies.js'
import { digest } from '../../access/digest.js'
import { openProviders } from '../../access/oauth/providers.js'
import type { Provider, Tokens } from '../../access/oauth/provider.js'
import { callerFor } from '../../access/person.js'
import { seal, unseal } from '../../access/sealed.js'
import { SignInRefused, textOf } from '../../access/www-of.js'
import type { Deps } from '../../deps.js'

/** For signing in there, and for proving a second factor. */
const patienceSeconds = 900
/** Of one browser at a time. */
const mostBegun = 8

const departure = z.object({ state: z.string(), verifier: z.string(), nonce: z.string(), landing: z.string(), at: z.number() })
type Departure = z.infer<typeof departure>

type Ways = {
  /** Sends the browser to the provider. */
  leave(auth: OAuthConfig, landing: string, request: Request, response: Response): Promise<void>
  /** The browser is back, with a code or an error; on whichever replica. */
  comeBack(auth: OAuthConfig, request: Request, response: Response): Promise<void>
}

/** What was begun is carried by the browser in a sealed cookie of each try, so that any replica can go on, and several tabs may sign in at once. */
export function oauthSignIn(deps: Deps, { sessions }: Callers): Ways {
  const { random, clock, logger, settings: { baseUrl } } = deps
  const providers = openProviders(deps)
  const wholePlace = cookiePlace(baseUrl)
  const place = { ...wholePlace, path: `${wholePlace.path}auth/` }
  const callback = new URL('auth/login', baseUrl)
  const chance = () => random.bytes(32).toString('base64url')
  const cookiesBegin = cookieName('yard_sign_in_', place)
  const cookieOf = (state: string) => `${cookiesBegin}${digest(state).toString('hex').slice(0, 16)}`
  const sealedBy = (auth: OAuthConfig) => ({ secret: textOf(deps, auth.clientSecret), purpose: 'sign-in' })

  function departed(auth: OAuthConfig, request: Request, state: string): Departure {
    const cookie = readCookie(request, cookieOf(state))
    const text = cookie === undefined ? null : unseal(cookie, sealedBy(auth))
    const begun = text === null ? null : departure.parse(JSON.parse(text))
    // Whoever has no such cookie did not begin it in this browser: somebody wants him to be signed in as another.
    if (begun === null || !timingSafeEqual(digest(begun.state), digest(state))) throw new SignInRefused(400, `this did not begin in this browser, or too long ago: begin again from ${baseUrl}`)
    if (clock.now() - begun.at > patienceSeconds * 1_000) throw new SignInRefused(400, 'this took too long: sign in again')
    return begun
  }

  return {
    async leave(auth, landing, request, response) {
      const { configuration, scope, isOpenId } = await providers.find(auth)
      const begun: Departure = { state: chance(), verifier: chance(), nonce: chance(), landing, at: clock.now() }
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: callback.href, scope, state: begun.state, ...(isOpenId ? { nonce: begun.nonce } : {}),
        code_challenge: createHash('sha256').update(begun.verifier).digest('base64url'), code_challenge_method: 'S256',
      })
      // What was begun and left would fill up what a browser may send: then nobody could sign in.
      for (const name of cookieNames(request, cookiesBegin).slice(mostBegun - 1)) response.append('set-cookie', setCookieLine(name, '', place, 0))
      response.append('set-cookie', setCookieLine(cookieOf(begun.state), seal(JSON.stringify(begun), { ...sealedBy(auth), chance: random.bytes(12) }), place, patienceSeconds))
      response.redirect(url.href)
    },
    async comeBack(auth, request, response) {
      const query = new URL(request.originalUrl, 'http://localhost').searchParams
      const state = query.get('state') ?? ''
      const begun = departed(auth, request, state)
      // Whatever comes of it, it is used up.
      response.append('set-cookie', setCookieLine(cookieOf(state), '', place, 0))
      const provider = await providers.find(auth)
      const person = await provider.person(await tokensFor(provider, { auth, begun, url: withQuery(callback, query, provider) })).catch((error: unknown) => { throw refusalOf(error, auth) })
      response.append('set-cookie', await sessions.start(request, person, null))
      logger.info({ actor: callerFor(person).actor, address: clientAddress(request) }, 'somebody signed in')
      response.redirect(begun.landing)
    },
  }
}

/** Where the provider sent the browser to, as it was told to: what proxies in front make of it does not count. */
function withQuery(callback: URL, query: URLSearchParams, { isOpenId }: Provider): URL {
  const url = new URL(callback)
  // Only OpenID's discovery says by which name to expect the issuer.
  for (const [name, value] of query) if (isOpenId || name !== 'iss') url.searchParams.append(name, value)
  return url
}

async function tokensFor({ configuration, isOpenId }: Provider, { auth, begun, url }: { auth: OAuthConfig; begun: Departure; url: URL }): Promise<Tokens> {
  try {
    return await authorizationCodeGrant(configuration, url, { expectedState: begun.state, pkceCodeVerifier: begun.verifier, ...(isOpenId ? { expectedNonce: begun.nonce, idTokenExpected: true } : {}) })
  } catch (error) {
    throw refusalOf(error, auth)
  }
}

function refusalOf(error: unknown, auth: OAuthConfig): SignInRefused {
  if (error instanceof SignInRefused) return error
  const name = nameOfAuth(auth)
  if (error instanceof AuthorizationResponseError) {
    return error.error === 'access_denied' ? new SignInRefused(403, `${name} did not let you in: access was denied`) : new SignInRefused(502, `${name} did not let you in: ${error.error}`)
  }
  if (error instanceof ResponseBodyError) return new SignInRefused(502, `${name} did not take the code: ${error.error}; sign in again`, null, { cause: error })
  return new SignInRefused(502, `${name} did not answer as it should: sign in again; the log of ui-api tells more`, null, { cause: error })
}
