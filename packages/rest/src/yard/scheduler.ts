import { z } from 'zod'
import { epochSeconds } from './scalars.js'

const count = z.number()

export const yardSchedulerSchema = z.object({
  id: z.number(),
  name: z.string(),
  kind: z.string().describe('As the configuration says: singleBranch, nightly, …'),
  enabled: z.boolean(),
  builders: z.array(z.string()).nullable().describe('What it builds; null: a function chooses.'),
  when: z.string().describe('When it acts, in words: what it waits for, or its times.'),
  nextAt: epochSeconds.nullable().describe('Its next tick.'),
  firedAt: epochSeconds.nullable().describe('Its last tick that was not let go.'),
  silence: z.string().nullable().describe('Why its last tick built nothing.'),
  waiting: z.object({ trees: count, changes: count, nextAt: epochSeconds.nullable() }).describe('Changes that wait for a stable tree, or for its next tick; `nextAt`: when the first of them is built.'),
  tasks: count.describe('What it has not made a buildset of yet.'),
  trouble: z.object({ failure: z.string(), attempts: count, since: epochSeconds, againAt: epochSeconds }).nullable().describe('Of the oldest of them that failed.'),
}).meta({ id: 'Scheduler', description: 'A scheduler: when it acts next, what waits in it, what it could not do.' })
export type YardScheduler = z.infer<typeof yardSchedulerSchema>

export const yardSchedulerAnswer = z.object({ scheduler: yardSchedulerSchema })
export const yardSchedulersAnswer = z.object({ schedulers: z.array(yardSchedulerSchema) })

/** What can be done to a scheduler: `POST /api/yard/v1/schedulers/:name/ACTION`. */
export const schedulerActions = ['enable', 'disable'] as const
export type SchedulerAction = (typeof schedulerActions)[number]
