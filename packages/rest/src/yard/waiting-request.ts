import { z } from 'zod'

const waitingRequest = z.object({
  id: z.number(),
  builderid: z.number(),
  builder: z.string(),
  buildsetid: z.number(),
  priority: z.number(),
  submittedAt: z.number(),
  hold: z.enum(['collapse', 'worker']).nullable().describe("Nobody claims it: collapse (the configuration's function is still to be asked) or worker (none came in time, as its builder says)."),
  waitsFor: z.string().nullable().describe('Why it was passed over when it was last looked at; null: it was not, or nothing is in its way.'),
  notBefore: z.number().nullable().describe('It is not looked at before, as `canStartBuild` said.'),
}).meta({ id: 'WaitingRequest', description: 'A pending build request and what it waits for.' })
export type WaitingRequest = z.infer<typeof waitingRequest>

export const waitingRequestsAnswer = z.object({ buildrequests: z.array(waitingRequest) })
export const waitingRequestAnswer = z.object({ buildrequest: waitingRequest })

export const priorityRequest = z.strictObject({ priority: z.int().min(-(2 ** 31)).max(2 ** 31 - 1) }).meta({ id: 'PriorityBody', description: 'The higher is first.', examples: [{ priority: 100 }] })
export type PriorityBody = z.infer<typeof priorityRequest>
export const cancelRequestBody = z.strictObject({ reason: z.string().max(10_000).default('no reason') }).meta({ id: 'CancelBody', description: 'Why.', examples: [{ reason: 'wrong branch' }] })
export type CancelBody = z.input<typeof cancelRequestBody>
export const cancelledAnswer = z.object({ cancelled: z.number(), stopping: z.number() }).meta({ id: 'Cancelled', description: 'How many requests ended at once, and of how many the builds are being stopped.' })
export type Cancelled = z.infer<typeof cancelledAnswer>
