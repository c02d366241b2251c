import { transaction } from '@yardmaster/db'
import { enableScheduler } from '@yardmaster/db/verbs/enable-scheduler'
import { recordControl } from '@yardmaster/db/verbs/record-control'
import { schedulerActions, type YardScheduler } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { readSchedulers } from './read-schedulers.js'
import { YardError } from './yard-error.js'

/** Nobody is signed in yet. */
const actor = 'user:anonymous'

/** Schedulers: when they act next, what waits in them, what they could not do; they can be enabled and disabled. */
export function schedulerRoutes(deps: Deps): Router {
  const { db, logger } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, { schedulers: await readSchedulers(db, configured(deps)) }))
  router.get('/:scheduler', async (request, response) => sendJson(request, response, { scheduler: await one(deps, request) }))
  for (const action of schedulerActions) router.post(`/:scheduler/${action}`, async (request, response) => {
    z.strictObject({}).parse(request.body ?? {})
    const { id } = await one(deps, request)
    await transaction(db, null, async tx => {
      await enableScheduler(tx, { schedulerId: id, enabled: action === 'enable' })
      await recordControl(tx, { actor, action, thing: 'schedulers', thingId: id, parameters: {} })
    })
    logger.info({ actor, action, scheduler: id }, 'control')
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
