import { z } from 'zod'

/** A patch to build: POST `/api/yard/v1/try`, with the name and password of a try scheduler's user (Basic). */
export const tryRequest = z.strictObject({
  /** The try scheduler, if the user may use several. */
  scheduler: z.string().optional(),
  /** Some of the scheduler's; not said: all. */
  builders: z.array(z.string()).min(1).max(1_000).optional(),
  patch: z.strictObject({ body: z.string(), level: z.number().int(), subdir: z.string() }).partial({ level: true, subdir: true }),
  /** What the patch is for. */
  branch: z.string().max(1_000).nullish(),
  revision: z.string().max(1_000).nullish(),
  repository: z.string().max(4_000).optional(),
  project: z.string().max(1_000).optional(),
  codebase: z.string().max(1_000).optional(),
  who: z.string().max(1_000).optional(),
  comment: z.string().max(10_000).optional(),
  properties: z.record(z.string().min(1).max(1_000), z.json()).optional(),
  /** Becomes the buildset's external id. */
  jobid: z.string().max(1_000).optional(),
})
export type TryBody = z.infer<typeof tryRequest>

export const tryAnswer = z.object({
  buildsetid: z.number(),
  buildrequests: z.array(z.object({ builder: z.string(), builderid: z.number(), buildrequestid: z.number() })),
})
export type Tried = z.infer<typeof tryAnswer>

/** What the user may try: GET `/api/yard/v1/try`. */
export const trySchedulersAnswer = z.object({ schedulers: z.array(z.object({ name: z.string(), builders: z.array(z.string()), codebases: z.array(z.string()) })) })
export type TryScheduler = z.infer<typeof trySchedulersAnswer>['schedulers'][number]

/** Who tries. */
export type TryUser = { username: string; password: string }
