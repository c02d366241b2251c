import { z } from 'zod'

const epochSeconds = z.number()
const count = z.number()

/** A scheduler, as `/api/yard/v1/schedulers` tells it. Times are epoch seconds. */
export const yardSchedulerSchema = z.object({
  id: z.number(),
  name: z.string(),
  /** As the configuration says: singleBranch, nightly, … */
  kind: z.string(),
  enabled: z.boolean(),
  /** What it builds; null: a function chooses. */
  builders: z.array(z.string()).nullable(),
  /** When it acts, in words: what it waits for, or its times. */
  when: z.string(),
  /** Its next tick. */
  nextAt: epochSeconds.nullable(),
  /** Its last tick that was not let go. */
  firedAt: epochSeconds.nullable(),
  /** Why its last tick built nothing. */
  silence: z.string().nullable(),
  /** Changes that wait for a stable tree, or for its next tick; `nextAt`: when the first of them is built. */
  waiting: z.object({ trees: count, changes: count, nextAt: epochSeconds.nullable() }),
  /** What it has not made a buildset of yet. */
  tasks: count,
  /** Of the oldest of them that failed. */
  trouble: z.object({ failure: z.string(), attempts: count, since: epochSeconds, againAt: epochSeconds }).nullable(),
})
export type YardScheduler = z.infer<typeof yardSchedulerSchema>

export const yardSchedulerAnswer = z.object({ scheduler: yardSchedulerSchema })
export const yardSchedulersAnswer = z.object({ schedulers: z.array(yardSchedulerSchema) })

/** What can be done to a scheduler: `POST /api/yard/v1/schedulers/:name/ACTION`. */
export const schedulerActions = ['enable', 'disable'] as const
export type SchedulerAction = (typeof schedulerActions)[number]
