import { InvalidQueryParameter, selectFields } from '@yardmaster/rest'
import { Router, type NextFunction, type Request, type Response } from 'express'
import type { Deps } from '../deps.js'
import { buildDataValueRoutes } from './build-data-value.js'
import { controlRoutes, unknownAction, unknownPath } from './control.js'
import { sendError, sendJson } from './json.js'
import { invalidPath, pathParams } from './path-params.js'
import { specOf } from './query-of.js'
import { rawLogRoutes } from './raw-logs.js'
import type { Endpoint } from './resources/endpoint.js'
import { endpoints } from './resources/index.js'
import { InvalidPath } from './resources/places.js'
import { QueryRefused } from './resources/query-lane.js'

/** Buildbot's REST API v2: its GET paths and its control actions. */
export function restRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.use(controlRoutes(deps))
  router.use(rawLogRoutes(deps))
  router.use(buildDataValueRoutes(deps))
  for (const endpoint of endpoints) {
    router.get(endpoint.path, (request, response) => answer(deps, endpoint, request, response))
    router.post(endpoint.path, unknownAction)
  }
  router.get(/.*/, (request: Request, response: Response) => sendError(response, 404, invalidPath(request)))
  router.post(/.*/, unknownPath)
  router.use((_request: Request, response: Response) => sendError(response, 400, 'invalid HTTP method'))
  router.use(refusals)
  return router
}

async function answer(deps: Deps, endpoint: Endpoint, request: Request, response: Response): Promise<void> {
  const spec = specOf(request, endpoint.type, endpoint.kind === 'collection')
  const found = await endpoint.answer({ db: deps.db, clock: deps.clock, activeGenerations: deps.activeGenerations, params: pathParams(request), spec })
  if (!found) return sendError(response, 404, `not found while getting from ${request.path}: there is no ${endpoint.type.name}`)
  const meta = endpoint.kind === 'collection' && found.total !== null ? { total: found.total } : {}
  sendJson(request, response, { [endpoint.type.plural]: found.rows.map(row => selectFields(row, spec.fields)), meta })
}

function refusals(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (error instanceof InvalidQueryParameter) sendError(response, 400, error.message)
  else if (error instanceof InvalidPath) sendError(response, 404, invalidPath(request))
  else if (error instanceof QueryRefused) sendError(response.set(error.status === 503 ? { 'retry-after': '2' } : {}), error.status, error.message)
  else next(error)
}
