import { z } from 'zod'

/** A pending request and what it waits for, as `/api/yard/v1/buildrequests` tells it. Times are epoch seconds. */
const waitingRequest = z.object({
  id: z.number(),
  builderid: z.number(),
  builder: z.string(),
  buildsetid: z.number(),
  priority: z.number(),
  submittedAt: z.number(),
  /** Nobody claims it: collapse (the configuration's function is still to be asked) or worker (none came in time, as its builder says). */
  hold: z.enum(['collapse', 'worker']).nullable(),
  /** Why it was passed over when it was last looked at; null: it was not, or nothing is in its way. */
  waitsFor: z.string().nullable(),
  /** It is not looked at before, as `canStartBuild` said. */
  notBefore: z.number().nullable(),
})
export type WaitingRequest = z.infer<typeof waitingRequest>

export const waitingRequestsAnswer = z.object({ buildrequests: z.array(waitingRequest) })
export const waitingRequestAnswer = z.object({ buildrequest: waitingRequest })

export const priorityRequest = z.strictObject({ priority: z.int().min(-(2 ** 31)).max(2 ** 31 - 1) })
export type PriorityBody = z.infer<typeof priorityRequest>
export const cancelRequestBody = z.strictObject({ reason: z.string().max(10_000).default('no reason') })
export type CancelBody = z.input<typeof cancelRequestBody>
/** How many requests ended at once, and of how many the builds are being stopped. */
export const cancelledAnswer = z.object({ cancelled: z.number(), stopping: z.number() })
export type Cancelled = z.infer<typeof cancelledAnswer>
