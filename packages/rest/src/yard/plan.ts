import { z } from 'zod'

export const planRequest = z.strictObject({
  branch: z.string().nullish(),
  files: z.array(z.string()).max(10_000).optional(),
  author: z.string().optional(),
  comments: z.string().optional(),
  revision: z.string().nullish(),
  repository: z.string().optional(),
  project: z.string().optional(),
  codebase: z.string().optional(),
  category: z.string().nullish(),
  when: z.number().optional(),
  properties: z.record(z.string(), z.json()).optional(),
}).meta({ id: 'PlanBody', description: 'A change that nobody has made yet. `when` is in epoch seconds.', examples: [{ branch: 'main', files: ['src/a.c'], author: 'Ann <ann@example.org>' }] })
export type PlanBody = z.infer<typeof planRequest>

const properties = z.record(z.string(), z.tuple([z.json(), z.string()]))
const plannedScheduler = z.object({
  scheduler: z.string(),
  kind: z.string(),
  outcome: z.enum(['builds', 'waits', 'silent', 'failed']),
  why: z.string().describe('As the end of a sentence that begins with its name.'),
  buildset: z.object({
    reason: z.string(),
    priority: z.number(),
    sourcestamps: z.array(z.object({ codebase: z.string(), repository: z.string(), project: z.string(), branch: z.string().nullable(), revision: z.string().nullable() })),
    builders: z.array(z.object({
      name: z.string(),
      properties,
      workers: z.array(z.string()),
      labels: z.string().nullable(),
      connected: z.array(z.string()).nullable().describe('Those that could run it and are connected now; null: nobody knows, because no installation was asked.'),
    })),
  }).nullable(),
}).meta({ id: 'PlannedScheduler', description: 'What a scheduler would make of the change.' })
export type PlannedScheduler = z.infer<typeof plannedScheduler>

export const planAnswer = z.object({ schedulers: z.array(plannedScheduler) })
