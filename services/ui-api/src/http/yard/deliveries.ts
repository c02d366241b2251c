import { redeliver } from '@yardmaster/db/verbs/redeliver'
import { deliveryStates, type DeliveryDetails, type DeliveryFilter } from '@yardmaster/rest'
import { Router, type Request } from 'express'
import { z } from 'zod'
import type { Deps } from '../../deps.js'
import { sendJson } from '../json.js'
import { act } from './act.js'
import { readDeliveries, readDeliveryDetails } from './read-deliveries.js'
import { YardError } from './yard-error.js'

const MOST = 1_000

/** Of what is looked for: the database takes no NUL. */
const name = z.string().refine(text => !text.includes('\0'), 'a name has no NUL character')

const filterSchema = z.strictObject({
  hook: name, event: name, repository: name, state: z.array(z.enum(deliveryStates)), before: z.coerce.number().int(), limit: z.coerce.number().int().min(1).max(MOST),
}).partial()

/** What hooks were told of late, and what came of it. */
export function deliveryRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  router.get('/', async (request, response) => sendJson(request, response, await readDeliveries(db, filterOf(request))))
  router.get('/:delivery', async (request, response) => sendJson(request, response, { delivery: await one(deps, request) }))
  router.post('/:delivery/redeliver', async (request, response) => {
    z.strictObject({}).parse(request.body ?? {})
    const { id } = await one(deps, request)
    const done = await act(deps, request, { action: 'redeliver', thing: 'deliveries', id }, (tx, actor) => redeliver(tx, { deliveryId: id, actor }))
    if (!done) throw new YardError(409, `delivery ${id} is being worked on already, or what was sent is not kept`)
    sendJson(request, response, { delivery: await one(deps, request) })
  })
  return router
}

async function one({ db }: Deps, { params }: Request): Promise<DeliveryDetails> {
  const id = Number(params['delivery'])
  const delivery = Number.isSafeInteger(id) ? await readDeliveryDetails(db, id) : null
  if (!delivery) throw new YardError(404, `not found: there is no delivery ${String(params['delivery'])}; they are kept for a week`)
  return delivery
}

function filterOf({ url }: Request): DeliveryFilter {
  const parameters = new URLSearchParams(url.split('?')[1] ?? '')
  const state = parameters.getAll('state').flatMap(text => text.split(','))
  parameters.delete('state')
  return filterSchema.parse({ ...Object.fromEntries(parameters), ...(state.length > 0 && { state }) })
}
