import { redeliver } from '@yardmaster/db/verbs/redeliver'
import { routes, type DeliveryDetails } from '@yardmaster/rest'
import { Router } from 'express'
import type { Deps } from '../../deps.js'
import { act } from './act.js'
import { readDeliveries, readDeliveryDetails } from './read-deliveries.js'
import { serve } from './serve.js'
import { YardError } from './yard-error.js'

/** What hooks were told of late, and what came of it. */
export function deliveryRoutes(deps: Deps): Router {
  const { db } = deps
  const router = Router({ strict: true, caseSensitive: true })
  serve(router, deps, routes.deliveries.list, ({ query }) => readDeliveries(db, query))
  serve(router, deps, routes.deliveries.one, async ({ params }) => ({ delivery: await one(deps, params.delivery) }))
  serve(router, deps, routes.deliveries.redeliver, async ({ params, request }) => {
    const { id } = await one(deps, params.delivery)
    const done = await act(deps, request, { ...routes.deliveries.redeliver.action, id }, (tx, actor) => redeliver(tx, { deliveryId: id, actor }))
    if (!done) throw new YardError(409, `delivery ${id} is being worked on already, or what was sent is not kept`)
    return { delivery: await one(deps, id) }
  })
  return router
}

async function one({ db }: Deps, id: number): Promise<DeliveryDetails> {
  const delivery = await readDeliveryDetails(db, id)
  if (!delivery) throw new YardError(404, `not found: there is no delivery ${id}; they are kept for a week`)
  return delivery
}
