import { z } from 'zod'

export const tryRequest = z.strictObject({
  scheduler: z.string().optional().describe('The try scheduler, if the user may use several.'),
  builders: z.array(z.string()).min(1).max(1_000).optional().describe("Some of the scheduler's; not said: all."),
  patch: z.strictObject({ body: z.string(), level: z.number().int(), subdir: z.string() }).partial({ level: true, subdir: true }),
  branch: z.string().max(1_000).nullish().describe('What the patch is for.'),
  revision: z.string().max(1_000).nullish(),
  repository: z.string().max(4_000).optional(),
  project: z.string().max(1_000).optional(),
  codebase: z.string().max(1_000).optional(),
  who: z.string().max(1_000).optional(),
  comment: z.string().max(10_000).optional(),
  properties: z.record(z.string().min(1).max(1_000), z.json()).optional(),
  jobid: z.string().max(1_000).optional().describe("Becomes the buildset's external id."),
}).meta({ id: 'TryBody', description: 'A patch to build.' })
export type TryBody = z.infer<typeof tryRequest>

export const tryAnswer = z.object({
  buildsetid: z.number(),
  buildrequests: z.array(z.object({ builder: z.string(), builderid: z.number(), buildrequestid: z.number() })),
}).meta({ id: 'Tried', description: 'What is built.' })
export type Tried = z.infer<typeof tryAnswer>

/** What the user may try: GET `/api/yard/v1/try`. */
export const trySchedulersAnswer = z.object({ schedulers: z.array(z.object({ name: z.string(), builders: z.array(z.string()), codebases: z.array(z.string()) })) })
export type TryScheduler = z.infer<typeof trySchedulersAnswer>['schedulers'][number]

/** Who tries. */
export type TryUser = { username: string; password: string }
