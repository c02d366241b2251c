import { z } from 'zod'

const epochSeconds = z.number()

export const deliveryStates = ['pending', 'done', 'failed'] as const

/** A message of a hook, as `/api/yard/v1/deliveries` tells it. Times are epoch seconds. */
export const deliverySchema = z.object({
  id: z.number(),
  /** Name of the hook, e.g. `github`. */
  hook: z.string(),
  /** The host's id of it, or a digest of its content. */
  key: z.string(),
  /** The host's name of what happened. */
  event: z.string(),
  /** `owner/name` */
  repository: z.string(),
  receivedAt: epochSeconds,
  /** pending: something outside has to be asked, or is to be asked again. */
  state: z.enum(deliveryStates),
  /** How often it was taken up after it was accepted. */
  attempts: z.number(),
  /** Of one that is pending: not taken up again before. */
  nextAt: epochSeconds.nullable(),
  doneAt: epochSeconds.nullable(),
  /** What came of it. */
  note: z.string(),
  /** Why the last attempt came to nothing. */
  error: z.string().nullable(),
  /** Whose functions it is worked on with. */
  set: z.string().nullable(),
  /** Ids. */
  changes: z.array(z.number()),
})
export type Delivery = z.infer<typeof deliverySchema>

/** One with what was sent; null: it is not JSON's. */
export const deliveryDetails = deliverySchema.extend({ payload: z.json() })
export type DeliveryDetails = z.infer<typeof deliveryDetails>

export type DeliveryFilter = { hook?: string; event?: string; repository?: string; state?: Delivery['state'][]; before?: number; limit?: number }

export const deliveriesAnswer = z.object({ deliveries: z.array(deliverySchema), next: z.number().nullable() })
export const deliveryAnswer = z.object({ delivery: deliveryDetails })
