import { json, Router, type NextFunction, type Request, type RequestHandler, type Response } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendError, sendJson } from '../json.js'
import { changeSourceRoutes } from './change-sources.js'
import { deliveryRoutes } from './deliveries.js'
import { buildsetRoutes } from './buildsets.js'
import { explainRoutes } from './explain.js'
import { buildCostRoutes, instanceRoutes } from './instances.js'
import { forceFormRoutes } from './force-form.js'
import { lockRoutes } from './locks.js'
import { notificationRoutes } from './notifications.js'
import { planRoutes } from './plan.js'
import { poolRoutes } from './pools.js'
import { rebuildRoutes } from './rebuild.js'
import { replicaRoutes } from './replicas.js'
import { schedulerRoutes } from './schedulers.js'
import { tryRoutes } from './try.js'
import { waitingRequestRoutes } from './waiting-requests.js'
import { workerRoutes } from './workers.js'
import { YardError } from './yard-error.js'

/** Our own additions to the REST API: JSON in and out, a refusal is `{error}`. */
export function yardRoutes(deps: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', (request, response) => sendJson(request, response, { rootlinks: ['buildrequests', 'buildsets', 'changesources', 'deliveries', 'explain', 'instances', 'locks', 'notifications', 'plan', 'pools', 'replicas', 'schedulers', 'workers'].map(name => ({ name })) }))
  router.use(onlyJson)
  // Before the others: it takes larger bodies.
  router.use('/try', tryRoutes(deps))
  router.use(json({ limit: '1mb', strict: true }))
  router.use('/buildrequests', waitingRequestRoutes(deps))
  router.use('/builds', buildCostRoutes(deps), rebuildRoutes(deps))
  router.use('/changesources', changeSourceRoutes(deps))
  router.use('/deliveries', deliveryRoutes(deps))
  router.use('/buildsets', buildsetRoutes(deps))
  router.use('/explain', explainRoutes(deps))
  router.use('/forceschedulers', forceFormRoutes(deps))
  router.use('/instances', instanceRoutes(deps))
  router.use('/locks', lockRoutes(deps))
  router.use('/notifications', notificationRoutes(deps))
  router.use('/plan', planRoutes(deps))
  router.use('/pools', poolRoutes(deps))
  router.use('/replicas', replicaRoutes(deps))
  router.use('/schedulers', schedulerRoutes(deps))
  router.use('/workers', workerRoutes(deps))
  router.use((request: Request, response: Response) => sendError(response, 404, `Invalid path: ${request.path.slice(1)}`))
  router.use(refusals)
  return router
}

/** A form in a foreign page can post to us, but not with this type. */
const onlyJson: RequestHandler = (request, _response, next) => {
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim()
  next(request.method === 'POST' && type !== 'application/json' ? new YardError(415, 'invalid content-type (use application/json)') : undefined)
}

function refusals(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof YardError) sendError(response, error.status, error.message)
  else if (error instanceof z.ZodError) sendError(response, 400, z.prettifyError(error))
  else if (error instanceof Error && 'status' in error && typeof error.status === 'number' && error.status < 500) sendError(response, error.status, error.message)
  else next(error)
}
