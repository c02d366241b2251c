import { z } from 'zod'

const name = z.string().min(1).max(1_000)
const text = z.string().max(10_000)

/** What is to be different: POST `/api/yard/v1/builds/ID/rebuild`, and the arguments of Buildbot's control action `rebuild`. */
export const rebuildRequest = z.object({
  /** Set, or set anew. */
  properties: z.record(name, z.json()).optional(),
  remove_properties: z.array(name).optional(),
  /** Of a build of one codebase; null: the newest, or the repository's default branch. */
  branch: text.nullable().optional(),
  revision: text.nullable().optional(),
  sourcestamps: z.array(z.object({
    codebase: z.string(), branch: text.nullable(), revision: text.nullable(), repository: text, project: text,
    /** false: without its patch. */
    patch: z.boolean(),
  }).partial({ branch: true, revision: true, repository: true, project: true, patch: true })).optional(),
  reason: text.optional(),
  priority: z.number().int().optional(),
})
export type RebuildBody = z.infer<typeof rebuildRequest>

export const rebuildAnswer = z.object({ buildsetid: z.number(), buildrequestid: z.number() })
export type Rebuilt = z.infer<typeof rebuildAnswer>

const rebuildable = z.object({
  builder: z.string(),
  reason: z.string(),
  priority: z.number(),
  properties: z.record(z.string(), z.tuple([z.json(), z.string()])),
  sourcestamps: z.array(z.object({
    codebase: z.string(), repository: z.string(), project: z.string(), branch: z.string().nullable(), revision: z.string().nullable(),
    patch: z.object({ level: z.number(), subdir: z.string(), author: z.string(), comment: z.string() }).nullable(),
  })),
})
/** What the build was asked for with: GET `/api/yard/v1/builds/ID/rebuild`. */
export const rebuildableAnswer = z.object({ rebuild: rebuildable })
export type Rebuildable = z.infer<typeof rebuildable>
