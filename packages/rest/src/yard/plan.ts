import { z } from 'zod'

/** What would happen to a change that nobody has made yet: POST `/api/yard/v1/plan`. Times are epoch seconds. */
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
})
export type PlanBody = z.infer<typeof planRequest>

const properties = z.record(z.string(), z.tuple([z.json(), z.string()]))
const plannedScheduler = z.object({
  scheduler: z.string(),
  kind: z.string(),
  outcome: z.enum(['builds', 'waits', 'silent', 'failed']),
  /** As the end of a sentence that begins with its name. */
  why: z.string(),
  buildset: z.object({
    reason: z.string(),
    priority: z.number(),
    sourcestamps: z.array(z.object({ codebase: z.string(), repository: z.string(), project: z.string(), branch: z.string().nullable(), revision: z.string().nullable() })),
    builders: z.array(z.object({
      name: z.string(),
      properties,
      workers: z.array(z.string()),
      labels: z.string().nullable(),
      /** Those that could run it and are connected now; null: nobody knows, because no installation was asked. */
      connected: z.array(z.string()).nullable(),
    })),
  }).nullable(),
})
export type PlannedScheduler = z.infer<typeof plannedScheduler>

export const planAnswer = z.object({ schedulers: z.array(plannedScheduler) })
