import { isUnanswered, isUnavailable } from '@yardmaster/db'
import compression from 'compression'
import express, { Router, type Express, type NextFunction, type Request, type Response } from 'express'
import { callerOf } from '../access/caller-of.js'
import type { Callers } from '../access/callers.js'
import type { Deps } from '../deps.js'
import type { Hub } from '../live/hub.js'
import type { Gate } from './admit.js'
import { authRoutes } from './auth/auth-routes.js'
import { refuseLongUrls } from './bounds.js'
import { buildbotRoutes } from './buildbot/routes.js'
import { changeHookRoutes } from './change-hooks.js'
import { refuseForeignPages } from './foreign-pages.js'
import { identified } from './identify.js'
import { sendError, sendJson } from './json.js'
import { docsRoutes, openApiRoute } from './openapi/docs-routes.js'
import { MisdirectedRequest, refusalOfHost, type Reach } from './own-host.js'
import { readingGate } from './reading-gate.js'
import { restRoutes } from './rest.js'
import { answersWith, securityHeaders } from './security-headers.js'
import { sseRoutes } from './sse.js'
import { webRoutes } from './web-page.js'
import { yardRoutes } from './yard/routes.js'

/** Where the public address has its pages, e.g. `/` or `/ci/`. */
export function basePathOf(baseUrl: string): string {
  const { pathname } = new URL(baseUrl)
  return pathname.endsWith('/') ? pathname : `${pathname}/`
}

type Doorkeepers = { reach: Reach; callers: Callers; gate: Gate }

/** Half of zlib's usual time for lists and a third for logs, for a tenth more bytes: 50 builds 0.12 ms and 1.5 kB, 1.2 MB of a log 6 ms and 295 kB. */
const compressionLevel = 2

/** Everything that ui-api answers over HTTP, at the base path and (for a proxy that takes it off) at the root. */
export function createApp(deps: Deps, hub: Hub, { reach, callers, gate }: Doorkeepers): Express {
  const app = express()
  app.disable('x-powered-by')
  // By its digest: what has not changed is not sent again.
  app.set('etag', 'weak')
  app.set('query parser', false)
  // Rules name paths, of which nobody should get round by writing them otherwise.
  app.set('case sensitive routing', true)
  app.use(originOfItsAnswers)
  app.use(securityHeaders(deps.settings.baseUrl))
  app.use(compression({ level: compressionLevel, filter: (request, response) => response.getHeader('content-type') !== 'text/event-stream' && compression.filter(request, response) }))
  const basePath = basePathOf(deps.settings.baseUrl)
  const routes = allRoutes(deps, hub, { reach, basePath, callers, gate })
  if (basePath !== '/') app.use(basePath.slice(0, -1), routes)
  app.use(routes)
  app.use(failures(deps))
  return app
}

function allRoutes(deps: Deps, hub: Hub, { reach, basePath, callers, gate }: Doorkeepers & { basePath: string }): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.use(['/health', '/healthz', '/change_hook', '/api', '/sse'], answersWith('data'))
  router.use('/api/docs', answersWith('documentation'))
  router.use(['/avatar', '/plugins/badges'], answersWith('drawing'))
  router.get(['/health', '/healthz'], (_request, response) => void response.json({ alive: true }))
  router.use('/change_hook', changeHookRoutes(deps))
  router.use(refuseLongUrls)
  // What is above is for load balancers and code hosts, which call us what they like.
  router.use(refuseForeignHosts(reach))
  router.use(['/api', '/sse'], refuseForeignPages(deps))
  // Only now: what a page of another site sends has no cookie for us.
  router.use(identified(callers))
  router.use('/auth', authRoutes(deps, callers))
  router.use('/api', refuseNul, personal, gate.admit)
  router.use(['/sse', '/plugins/badges'], gate.count)
  router.use(['/api', '/sse'], readingGate(deps))
  router.get('/api', (request, response) => sendJson(request, response, { api_versions: { v2: new URL('api/v2', deps.settings.baseUrl).href } }))
  const rest = restRoutes(deps)
  router.use(['/api/v2', '/api/latest'], rest)
  router.use('/api/yard/v1', openApiRoute(deps, basePath), yardRoutes(deps))
  router.use('/api/docs', docsRoutes())
  router.use('/api', (request, response) => sendError(response, 404, `Invalid path: api${request.path}`))
  router.use('/sse', sseRoutes(deps, hub))
  router.use(buildbotRoutes(deps))
  router.use(webRoutes(deps, basePath))
  return router
}

function refuseForeignHosts(reach: Reach) {
  return (request: Request, _response: Response, next: NextFunction) => {
    const refusal = refusalOfHost(request, reach)
    next(refusal === null ? undefined : new MisdirectedRequest(refusal))
  }
}

/** `no-cache` is said to caches on the way, by every fetch() that brings an If-None-Match of its own too; express takes it as said to us. */
function originOfItsAnswers(request: Request, _response: Response, next: NextFunction): void {
  if (request.headers['if-none-match'] !== undefined) delete request.headers['cache-control']
  next()
}

/** Answers differ by who asks; a browser asks again each time, and is told when nothing has changed. */
function personal(request: Request, response: Response, next: NextFunction): void {
  response.vary('accept, authorization, cookie')
  response.set('cache-control', callerOf(request).kind === 'anonymous' ? 'no-cache' : 'private, no-cache')
  next()
}

/** No name has one, and the database takes none, not even to look for it. */
function refuseNul(request: Request, response: Response, next: NextFunction): void {
  if (!request.path.includes('%00')) return next()
  const message = `Invalid path: api${request.path}`
  if (request.method === 'POST') response.status(404).json({ error: { code: -32600, message } })
  else sendError(response, 404, message)
}

/** What express and its parsers throw has a status; everything else is ours, and told in the log alone. */
function failures({ logger }: Deps) {
  return (error: unknown, request: Request, response: Response, _next: NextFunction) => {
    const status = statusOf(error)
    if (status >= 500) logger.error({ err: error, method: request.method, path: request.path }, 'a request failed')
    if (response.headersSent) return void response.destroy()
    const message = isUnanswered(error) ? slow : status === 503 ? 'the database cannot be reached; try again' : status < 500 && error instanceof Error ? error.message : 'internal error: the log of ui-api tells more'
    if (status === 503) response.set('retry-after', '2')
    if (request.method === 'POST' && !request.originalUrl.includes('/api/yard/')) response.status(status).json({ error: { code: -32603, message } })
    else sendError(response, status, message)
  }
}

const slow = 'the database took too long for this: ask for less at a time, or with a filter that narrows it down'

function statusOf(error: unknown): number {
  if (typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number') return error.status
  return isUnavailable(error) ? 503 : 500
}
