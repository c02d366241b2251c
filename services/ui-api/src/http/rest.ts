import { InvalidQueryParameter, selectFields } from '@yardmaster/rest'
import { Router, type NextFunction, type Request, type Response } from 'express'
import { clientKey } from '../access/client-key.js'
import type { Deps } from '../deps.js'
import { leaveEarly } from './admit.js'
import { buildDataValueRoutes } from './build-data-value.js'
import { controlRoutes, unknownAction, unknownPath } from './control.js'
import { AnswerCache } from './answer-cache.js'
import { isCompact, jsonText, jsonType, sendError, sendJson } from './json.js'
import { invalidPath, pathParams } from './path-params.js'
import { specOf } from './query-of.js'
import { rawLogRoutes } from './raw-logs.js'
import type { Endpoint, EndpointRequest } from './resources/endpoint.js'
import type { Page } from './resources/fetch-rows.js'
import { endpoints } from './resources/index.js'
import { InvalidPath } from './resources/places.js'
import { QueryRefused, type Asker } from './resources/query-lane.js'

/** Buildbot's REST API v2: its GET paths and its control actions. */
export function restRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  // Express would answer it by itself.
  router.options(/.*/, (_request: Request, response: Response) => noMethod(response))
  router.use(controlRoutes(deps))
  router.use(rawLogRoutes(deps))
  router.use(buildDataValueRoutes(deps))
  const cache = new AnswerCache()
  for (const endpoint of endpoints) {
    router.get(endpoint.path, (request, response) => answer({ ...deps, cache }, endpoint, request, response))
    router.post(endpoint.path, unknownAction)
  }
  router.get(/.*/, (request: Request, response: Response) => sendError(response, 404, invalidPath(request)))
  router.post(/.*/, unknownPath)
  router.use((_request: Request, response: Response) => noMethod(response))
  router.use(refusals)
  return router
}

const noMethod = (response: Response) => sendError(response, 400, 'invalid HTTP method')

async function answer({ cache, ...deps }: Deps & { cache: AnswerCache }, endpoint: Endpoint, request: Request, response: Response): Promise<void> {
  const spec = specOf(request, endpoint.type, endpoint.kind === 'collection')
  const asker: Asker = { ...clientKey(request), leave: () => leaveEarly(response), onGone: call => void response.once('close', call) }
  const asked: EndpointRequest = { db: deps.db, clock: deps.clock, asker, activeGenerations: deps.activeGenerations, params: pathParams(request), spec }
  if (endpoint.version) return answerFromCache(cache, { endpoint, asked, version: await endpoint.version(deps.db) }, request, response)
  const found = await endpoint.answer(asked)
  if (!found) return sendError(response, 404, `not found while getting from ${request.path}: there is no ${endpoint.type.name}`)
  sendJson(request, response, told(endpoint, asked, found))
}

function told({ type, kind }: Endpoint, { spec }: EndpointRequest, { rows, total }: Page) {
  return { [type.plural]: rows.map(row => selectFields(row, spec.fields)), meta: kind === 'collection' && total !== null ? { total } : {} }
}

async function answerFromCache(cache: AnswerCache, { endpoint, asked, version }: { endpoint: Endpoint; asked: EndpointRequest; version: string }, request: Request, response: Response): Promise<void> {
  const compact = isCompact(request)
  response.set('content-type', jsonType(compact))
  await cache.send(request, response, {
    key: JSON.stringify([endpoint.path, asked.params, asked.spec, compact]), version,
    make: async () => jsonText(told(endpoint, asked, (await endpoint.answer(asked)) ?? { rows: [], total: 0 }), compact),
  })
}

function refusals(error: unknown, request: Request, response: Response, next: NextFunction): void {
  if (error instanceof InvalidQueryParameter) sendError(response, 400, error.message)
  else if (error instanceof InvalidPath) sendError(response, 404, invalidPath(request))
  else if (error instanceof QueryRefused) sendError(response.set(error.status === 503 ? { 'retry-after': '2' } : {}), error.status, error.message)
  else next(error)
}
