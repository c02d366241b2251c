import { enableScheduler } from '@yardmaster/db/verbs/enable-scheduler'
import { schedulerActions, type YardScheduler } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { readSchedulers } from './read-schedulers.js'
import { YardError } from './yard-error.js'

/** Schedulers: when they act next, what waits in them, what they could not do; they can be enabled and disabled. */
export function schedulerRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, { schedulers: await readSchedulers(db, configured(deps)) }))
  router.get('/:scheduler', async (request, response) => sendJson(request, response, { scheduler: await one(deps, request) }))
  for (const action of schedulerActions) router.post(`/:scheduler/${action}`, async (request, response) => {
    z.strictObject({}).parse(request.body ?? {})
    const { id } = await one(deps, request)
    await act(deps, request, { action, thing: 'schedulers', id }, async tx => void await enableScheduler(tx, { schedulerId: id, enabled: action === 'enable' }))
    sendJson(request, response, { scheduler: await one(deps, request) })
  })
  return router
}

const configured = ({ activeGenerations }: Deps) => activeGenerations().flatMap(({ configuration }) => configuration.schedulers)

/** By its name, or by its number. */
async function one(deps: Deps, { params }: Request): Promise<YardScheduler> {
  const key = String(params['scheduler'])
  const [scheduler] = await readSchedulers(deps.db, configured(deps), key)
  if (!scheduler) throw new YardError(404, `not found: there is no scheduler ${key}`)
  return scheduler
}
