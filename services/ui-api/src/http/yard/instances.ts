import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { instanceStates, stopInstanceRequest, type Instance, type InstanceFilter } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { readBuildsOf, readInstances, readInstancesById, readMachineOf } from './read-instances.js'
import { YardError } from './yard-error.js'

const MOST = 1_000

/** Of what is looked for: the database takes no NUL. */
const name = z.string().refine(text => !text.includes('\0'), 'a name has no NUL character')

const filterSchema = z.strictObject({
  pool: name, worker: name, state: z.array(z.enum(instanceStates)), open: z.enum(['true', 'false']).transform(text => text === 'true'),
  before: z.coerce.number().int(), limit: z.coerce.number().int().min(1).max(MOST),
}).partial()

/** Machines of latent workers: those that are there, and those that were. */
export function instanceRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, await readInstances(db, filterOf(request))))
  router.get('/:instance', async (request, response) => {
    const instance = await one(deps, request)
    sendJson(request, response, { instance, builds: await readBuildsOf(db, instance) })
  })
  router.post('/:instance/stop', async (request, response) => {
    const { now = false, reason } = stopInstanceRequest.parse(request.body ?? {})
    const { id } = await one(deps, request)
    await act(deps, request, { action: 'stop', thing: 'instances', id, parameters: { now, ...(reason !== undefined && { reason }) } },
      (tx, actor) => condemnInstance(tx, { instanceId: id, reason: `stopped by ${actor}${reason ? `: ${reason}` : ''}`, building: now ? 'retry' : 'retire' }))
    const instance = await one(deps, request)
    sendJson(request, response, { instance, builds: await readBuildsOf(db, instance) })
  })
  return router
}

async function one({ db }: Deps, { params }: Request): Promise<Instance> {
  const id = Number(params['instance'])
  const [instance] = Number.isSafeInteger(id) ? await readInstancesById(db, [id]) : []
  if (!instance) throw new YardError(404, `not found: there is no instance ${String(params['instance'])}`)
  return instance
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
