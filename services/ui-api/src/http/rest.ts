import { InvalidQueryParameter, parseQuery } from '@yardmaster/rest'
import { Router, type NextFunction, type Request, type Response } from 'express'
import type { Deps } from '../deps.js'
import { controlRoutes, unknownAction } from './control.js'
import { sendError, sendJson } from './json.js'
import { pathParams } from './path-params.js'
import { rawLogRoutes } from './raw-logs.js'
import type { Endpoint } from './resources/endpoint.js'
import { endpoints } from './resources/index.js'
import { InvalidPath } from './resources/places.js'

const rootLinks = ['builders', 'buildrequests', 'builds', 'buildsets', 'changes', 'forceschedulers', 'logchunks', 'masters', 'schedulers', 'sourcestamps', 'workers']

/** Buildbot's REST API v2: its GET paths and its control actions. */
export function restRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', (request, response) => sendJson(request, response, { rootlinks: rootLinks.map(name => ({ name })), meta: {} }))
  router.get('/application.spec', (request, response) => sendJson(request, response, { specs: specification(), meta: {} }))
  router.use(controlRoutes(deps))
  router.use(rawLogRoutes(deps))
  for (const endpoint of endpoints) {
    router.get(endpoint.path, (request, response) => answer(deps, endpoint, request, response))
    router.post(endpoint.path, unknownAction)
  }
  router.use((request: Request, response: Response) => sendError(response, 404, `Invalid path: ${request.path.slice(1)}`))
  router.use(refusals)
  return router
}

async function answer(deps: Deps, endpoint: Endpoint, request: Request, response: Response): Promise<void> {
  const query = new URL(request.originalUrl, 'http://localhost').searchParams
  const spec = parseQuery(endpoint.type, query, endpoint.kind === 'collection')
  const found = await endpoint.answer({ db: deps.db, clock: deps.clock, activeGenerations: deps.activeGenerations, params: pathParams(request), spec })
  if (!found) return sendError(response, 404, `not found: there is no ${endpoint.type.name} at ${request.path}`)
  const meta = endpoint.kind === 'collection' && found.total !== null ? { total: found.total } : {}
  sendJson(request, response, { [endpoint.type.plural]: found.rows, meta })
}

function refusals(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof InvalidQueryParameter) sendError(response, 400, error.message)
  else if (error instanceof InvalidPath) sendError(response, 404, error.message)
  else next(error)
}

function specification() {
  return endpoints.map(({ path, type, paged, kind }) => ({
    path: path.slice(1).replaceAll(/:(\w+)/g, '{$1}'), type: type.name, plural: type.plural, kind: paged ? 'paged' : kind,
    fields: Object.entries(type.fields).map(([name, field]) => ({ name, type: field.kind, list: field.list })),
  }))
}
