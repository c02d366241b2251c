import { isOAuth, nameOfAuth } from '@yardmaster/domain'
import { json, Router, type NextFunction, type Request, type Response } from 'express'
import { callerOf } from '../../access/caller-of.js'
import { clientAddress } from '../../access/client-address.js'
import type { Callers } from '../../access/callers.js'
import { cookiePlace } from '../../access/cookies.js'
import { takesPasswords } from '../../access/password-users.js'
import { perAddress } from '../../access/per-address.js'
import { authOf, SignInRefused } from '../../access/www-of.js'
import type { Deps } from '../../deps.js'
import { mayComeFrom } from '../cross-site.js'
import { sendJson } from '../json.js'
import { isCrossSite } from '../same-origin.js'
import { sendAnswerPage } from './answer-page.js'
import { userOf } from './frontend-auth.js'
import { landingOf } from './landing.js'
import { oauthSignIn } from './oauth-sign-in.js'
import { passwordSignIn } from './password-sign-in.js'

const queryOf = (request: Request) => new URL(request.originalUrl, 'http://localhost').searchParams
/** Of one address: each costs rows, or has a provider asked in our name. More than people behind one gateway do. */
const tries = { points: 200, seconds: 10, what: 'tries to sign in' }

/** Signing in and out, where Buildbot has it: /auth/login, /auth/logout, /auth/user. */
export function authRoutes(deps: Deps, callers: Callers): Router {
  const router = Router({ strict: true, caseSensitive: true })
  const { path: basePath } = cookiePlace(deps.settings.baseUrl)
  const oauth = oauthSignIn(deps, callers)
  const passwords = passwordSignIn(deps, callers)
  router.use((_request, response, next) => { response.set('cache-control', 'no-store'); next() })
  router.get('/user', (request, response) => sendJson(request, response, userOf(callerOf(request))))

  const door = perAddress(tries)
  router.use('/login', async (request: Request, _response: Response, next: NextFunction) => {
    await door.take(request)
    next()
  })
  router.get('/login', async (request, response) => {
    const auth = authOf(deps)
    const to = { basePath, landing: landingOf(queryOf(request), basePath) }
    const query = queryOf(request)
    if (isOAuth(auth)) return query.has('state') || query.has('code') || query.has('error') ? oauth.comeBack(auth, request, response) : oauth.leave(auth, to.landing, request, response)
    if (takesPasswords(auth)) return passwords.byBasic(auth, request, response, to)
    if (auth.kind === 'remoteUser' && callerOf(request).kind === 'user') return response.redirect(to.landing)
    throw new SignInRefused(auth.kind === 'remoteUser' ? 403 : 501, auth.kind === 'remoteUser'
      ? 'the proxy in front of this server signs people in, and has told of nobody: it must be one of YARD_TRUSTED_PROXIES, and send the header that auth.remoteUser names'
      : 'nobody can sign in here: choose with www.auth in the configuration how, e.g. auth.userFile(…)')
  })
  router.post('/login', onlyOwnPages(deps), json({ limit: '10kb', strict: true }), async (request, response) => {
    const auth = authOf(deps)
    if (!takesPasswords(auth)) throw new SignInRefused(501, `nobody signs in by a password here: ${nameOfAuth(auth)}`)
    await passwords.byForm(auth, request, response)
  })

  const leave = async (request: Request, response: Response, everywhere: boolean) => void response.append('set-cookie', await callers.sessions.end(request, everywhere))
  router.get('/logout', async (request, response) => {
    // A foreign page may lead here, and not sign anybody out.
    if (!isCrossSite(request)) await leave(request, response, false)
    response.redirect(landingOf(queryOf(request), basePath))
  })
  router.post('/logout', onlyOwnPages(deps), json({ limit: '10kb', strict: true }), async (request, response) => {
    const body: unknown = request.body
    await leave(request, response, typeof body === 'object' && body !== null && 'everywhere' in body && body.everywhere === true)
    sendJson(request, response, { anonymous: true })
  })
  router.use(refusals(deps, basePath))
  return router
}

function onlyOwnPages({ settings: { baseUrl } }: Deps) {
  return (request: Request, _response: Response, next: NextFunction) => {
    next(mayComeFrom(request, baseUrl) ? undefined : new SignInRefused(403, 'invalid origin: this is for pages of this server, and for programs that send application/json'))
  }
}

/** Messages alone: what else a library's errors carry may be a code or a token. */
function causesOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : ''
  const inner = causesOf(error.cause)
  return inner === '' ? error.message : `${error.message}: ${inner}`
}

function refusals({ logger }: Deps, basePath: string) {
  return (error: unknown, request: Request, response: Response, next: NextFunction) => {
    if (!(error instanceof SignInRefused)) return next(error)
    logger.warn({ status: error.status, address: clientAddress(request), reason: error.message, ...(error.cause === undefined ? {} : { because: causesOf(error.cause) }) }, 'somebody was not signed in')
    if (error.retryAfterSeconds !== null) response.set('retry-after', String(error.retryAfterSeconds))
    if (request.method === 'POST' || !(request.headers.accept ?? '').includes('text/html')) return sendJson(request, response.status(error.status), { error: error.message })
    sendAnswerPage(response, { status: error.status, title: 'You are not signed in', message: error.message, link: { to: basePath, text: 'Back to the start page' } })
  }
}
