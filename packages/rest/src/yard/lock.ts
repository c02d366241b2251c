import { z } from 'zod'

const lockUser = z.object({
  buildid: z.number(),
  builderid: z.number(),
  builder: z.string(),
  number: z.number(),
  step: z.object({ number: z.number(), name: z.string() }).nullable(),
  mode: z.enum(['counting', 'exclusive']),
  count: z.number(),
  since: z.number(),
}).meta({ id: 'LockUser', description: 'A build, or (`step` not null) a step of one, at a lock. `since`: since when it holds, or waits.' })

const lockSchema = z.object({
  name: z.string(),
  worker: z.string().nullable().describe("Of the lock of workers the one on this worker; null: it is the installation's."),
  maxCount: z.number(),
  holders: z.array(lockUser),
  waiters: z.array(lockUser).describe('In their order.'),
}).meta({ id: 'Lock', description: 'A lock that is in use. Requests that wait for a lock of their builder are not in its queue: their `waitsFor` says so.' })
export type Lock = z.infer<typeof lockSchema>
export type LockUser = z.infer<typeof lockUser>

export const locksAnswer = z.object({ locks: z.array(lockSchema) })
