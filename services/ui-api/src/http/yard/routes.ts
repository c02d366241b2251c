import { allRoutes, routes } from '@yardmaster/rest'
import { Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { auditRoutes } from './audit.js'
import { artifactRoutes } from './artifacts.js'
import { changeSourceRoutes } from './change-sources.js'
import { deliveryRoutes } from './deliveries.js'
import { buildsetRoutes } from './buildsets.js'
import { explainRoutes } from './explain.js'
import { generationRoutes } from './generations.js'
import { buildCostRoutes, instanceRoutes } from './instances.js'
import { forceFormRoutes } from './force-form.js'
import { listRoutes } from './lists.js'
import { lockRoutes } from './locks.js'
import { notificationRoutes } from './notifications.js'
import { planRoutes } from './plan.js'
import { poolRoutes } from './pools.js'
import { rebuildRoutes } from './rebuild.js'
import { replicaRoutes } from './replicas.js'
import { schedulerRoutes } from './schedulers.js'
import { tokenRoutes } from './tokens.js'
import { tryRoutes } from './try.js'
import { waitingRequestRoutes } from './waiting-requests.js'
import { workerRoutes } from './workers.js'
import { expressPath, serve } from './serve.js'
import { YardError } from './yard-error.js'

const parts = [
  tryRoutes, generationRoutes, listRoutes, waitingRequestRoutes, artifactRoutes, buildCostRoutes, rebuildRoutes, changeSourceRoutes, deliveryRoutes, buildsetRoutes, explainRoutes, forceFormRoutes, instanceRoutes, lockRoutes,
  notificationRoutes, planRoutes, poolRoutes, replicaRoutes, schedulerRoutes, workerRoutes, tokenRoutes, auditRoutes,
]

/** Our own additions to the REST API: JSON in and out, a refusal is `{error}`. */
export function yardRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.use(onlyJson)
  serve(router, deps, routes.index.show, () => ({ rootlinks: [...new Set(allRoutes.map(({ path }) => path.split('/')[1] ?? ''))].filter(name => name !== '').sort().map(name => ({ name })) }))
  for (const part of parts) router.use(part(deps))
  refuseOtherMethods(router)
  router.use((request: Request, response: Response) => refuse(response, 404, `not found: there is no ${request.path}`))
  router.use(refusals)
  return router
}

/** A form in a foreign page can post to us, but not with this type. */
const onlyJson: RequestHandler = (request, _response, next) => {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim()
  next(request.method === 'POST' && type !== 'application/json' ? new YardError(415, 'invalid content-type (use application/json)') : undefined)
}

/** A path that is there, by a method that it does not have. */
function refuseOtherMethods(router: Router): void {
  for (const { path, deep } of new Map(allRoutes.map(route => [route.path, route])).values()) {
    const methods = allRoutes.filter(route => route.path === path).flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]))
    router.all(expressPath({ path, deep }), (request, response) => {
      response.set('allow', methods.join(', '))
      refuse(response, 405, `${path} has no ${request.method}, but ${methods.join(' and ')}`)
    })
  }
}

function refuse(response: Response, status: number, error: string): void {
  response.status(status).set('content-type', 'application/json; charset=utf-8').send(JSON.stringify({ error }))
}

function refusals(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof YardError) refuse(response, error.status, error.message)
  else if (error instanceof z.ZodError) refuse(response, 400, z.prettifyError(error))
  else if (error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500) refuse(response, error.status, error.message)
  else next(error)
}
