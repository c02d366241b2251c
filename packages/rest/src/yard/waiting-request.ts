import { z } from 'zod'

/** A pending request and what it waits for, as `/api/yard/v1/buildrequests` tells it. Times are epoch seconds. */
const waitingRequest = z.object({
  id: z.number(),
  builderid: z.number(),
  builder: z.string(),
  buildsetid: z.number(),
  priority: z.number(),
  submittedAt: z.number(),
  /** Why it was passed over when it was last looked at; null: it was not, or nothing is in its way. */
  waitsFor: z.string().nullable(),
  /** It is not looked at before, as `canStartBuild` said. */
  notBefore: z.number().nullable(),
})
export type WaitingRequest = z.infer<typeof waitingRequest>

export const waitingRequestsAnswer = z.object({ buildrequests: z.array(waitingRequest) })
export const waitingRequestAnswer = z.object({ buildrequest: waitingRequest })
