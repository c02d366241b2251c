import { z } from 'zod'
import { deliveriesAnswer, deliveryAnswer, deliveryStates } from '../delivery.js'
import { limit, route, rowId, searched, wholeNumber } from '../route.js'

const params = z.object({ delivery: rowId })

export const deliveryRoutes = {
  list: route({
    name: 'listDeliveries', path: '/deliveries', tag: 'changes', summary: 'What hooks were told of late, and what came of it', description: 'The newest first; they are kept for a week.',
    query: z.strictObject({ hook: searched, event: searched, repository: searched, state: z.array(z.enum(deliveryStates)), before: wholeNumber, limit }).partial(), answer: deliveriesAnswer,
  }),
  one: route({ name: 'getDelivery', path: '/deliveries/{delivery}', tag: 'changes', summary: 'A delivery, with what was sent', params, answer: deliveryAnswer }),
  redeliver: route({
    name: 'redeliver', method: 'post', path: '/deliveries/{delivery}/redeliver', tag: 'changes', summary: 'Works on a delivery once more, from the beginning', params, answer: deliveryAnswer,
    errors: { 409: 'It is being worked on already, or what was sent is not kept.' }, action: { thing: 'deliveries', action: 'redeliver' },
  }),
}
