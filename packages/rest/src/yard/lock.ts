import { z } from 'zod'

/** A build, or (`step` not null) a step of one, at a lock. `since`: epoch seconds since when it holds, or waits. */
const lockUser = z.object({
  buildid: z.number(),
  builderid: z.number(),
  builder: z.string(),
  number: z.number(),
  step: z.object({ number: z.number(), name: z.string() }).nullable(),
  mode: z.enum(['counting', 'exclusive']),
  count: z.number(),
  since: z.number(),
})

/** A lock that is in use, as `/api/yard/v1/locks` tells it. Requests that wait for a lock of their builder are not in its queue: their `waits_for` says so. */
const lockSchema = z.object({
  name: z.string(),
  /** Of the lock of workers the one on this worker; null: it is the installation's. */
  worker: z.string().nullable(),
  maxCount: z.number(),
  holders: z.array(lockUser),
  /** In their order. */
  waiters: z.array(lockUser),
})
export type Lock = z.infer<typeof lockSchema>
export type LockUser = z.infer<typeof lockUser>

export const locksAnswer = z.object({ locks: z.array(lockSchema) })
