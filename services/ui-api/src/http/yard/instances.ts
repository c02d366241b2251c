import { instanceStates, type InstanceFilter } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { readBuildsOf, readInstances, readInstancesById, readMachineOf } from './read-instances.js'
import { YardError } from './yard-error.js'

const MOST = 1_000

const filterSchema = z.strictObject({
  pool: z.string(), worker: z.string(), state: z.array(z.enum(instanceStates)), open: z.enum(['true', 'false']).transform(text => text === 'true'),
  before: z.coerce.number().int(), limit: z.coerce.number().int().min(1).max(MOST),
}).partial()

/** Machines of latent workers: those that are there, and those that were. */
export function instanceRoutes({ db }: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, await readInstances(db, filterOf(request))))
  router.get('/:instance', async (request, response) => {
    const id = Number(request.params.instance)
    const [instance] = Number.isSafeInteger(id) ? await readInstancesById(db, [id]) : []
    if (!instance) throw new YardError(404, `not found: there is no instance ${request.params.instance}`)
    sendJson(request, response, { instance, builds: await readBuildsOf(db, instance) })
  })
  return router
}

/** What builds cost. */
export function buildCostRoutes({ db }: Deps): Router {
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/:build/cost', async (request, response) => {
    const id = Number(request.params.build)
    const machine = Number.isSafeInteger(id) ? await readMachineOf(db, id) : undefined
    if (machine === undefined) throw new YardError(404, `not found: there is no build ${request.params.build}`)
    sendJson(request, response, { machine })
  })
  return router
}

function filterOf({ url }: Request): InstanceFilter {
  const parameters = new URLSearchParams(url.split('?')[1] ?? '')
  const state = parameters.getAll('state').flatMap(text => text.split(','))
  parameters.delete('state')
  return filterSchema.parse({ ...Object.fromEntries(parameters), ...(state.length > 0 && { state }) })
}
