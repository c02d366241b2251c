import { z } from 'zod'
import { epochSeconds } from './scalars.js'

export const deliveryStates = ['pending', 'done', 'failed'] as const

export const deliverySchema = z.object({
  id: z.number(),
  hook: z.string().describe('Name of the hook, e.g. `github`.'),
  key: z.string().describe("The host's id of it, or a digest of its content."),
  event: z.string().describe("The host's name of what happened."),
  repository: z.string().describe('`owner/name`'),
  receivedAt: epochSeconds,
  state: z.enum(deliveryStates).describe('pending: something outside has to be asked, or is to be asked again.'),
  attempts: z.number().describe('How often it was taken up after it was accepted.'),
  nextAt: epochSeconds.nullable().describe('Of one that is pending: not taken up again before.'),
  doneAt: epochSeconds.nullable(),
  note: z.string().describe('What came of it.'),
  error: z.string().nullable().describe('Why the last attempt came to nothing.'),
  set: z.string().nullable().describe('Whose functions it is worked on with.'),
  changes: z.array(z.number()).describe('Ids.'),
}).meta({ id: 'Delivery', description: 'A message of a hook.' })
export type Delivery = z.infer<typeof deliverySchema>

export const deliveryDetails = deliverySchema.extend({ payload: z.json().describe('What was sent; null: it is not JSON.') }).meta({ id: 'DeliveryDetails', description: 'A message of a hook, with what was sent.' })
export type DeliveryDetails = z.infer<typeof deliveryDetails>

export type DeliveryFilter = { hook?: string; event?: string; repository?: string; state?: Delivery['state'][]; before?: number; limit?: number }

export const deliveriesAnswer = z.object({ deliveries: z.array(deliverySchema), next: z.number().nullable() })
export const deliveryAnswer = z.object({ delivery: deliveryDetails })
