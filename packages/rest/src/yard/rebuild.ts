import { z } from 'zod'

const name = z.string().min(1).max(1_000)
const text = z.string().max(10_000)

export const rebuildRequest = z.object({
  properties: z.record(name, z.json()).optional().describe('Set, or set anew.'),
  remove_properties: z.array(name).optional(),
  branch: text.nullable().optional().describe("Of a build of one codebase; null: the newest, or the repository's default branch."),
  revision: text.nullable().optional(),
  sourcestamps: z.array(z.object({
    codebase: z.string(), branch: text.nullable(), revision: text.nullable(), repository: text, project: text,
    patch: z.boolean().describe('false: without its patch.'),
  }).partial({ branch: true, revision: true, repository: true, project: true, patch: true })).optional(),
  reason: text.optional(),
  priority: z.number().int().optional(),
}).meta({ id: 'RebuildBody', description: 'What is to be different.', examples: [{ properties: { verbose: true }, reason: 'once more, with more words' }] })
export type RebuildBody = z.infer<typeof rebuildRequest>

export const rebuildAnswer = z.object({ buildsetid: z.number(), buildrequestid: z.number() }).meta({ id: 'Rebuilt', description: 'What was asked for now.' })
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
}).meta({ id: 'Rebuildable', description: 'What a build was asked for with.' })
/** What the build was asked for with: GET `/api/yard/v1/builds/ID/rebuild`. */
export const rebuildableAnswer = z.object({ rebuild: rebuildable })
export type Rebuildable = z.infer<typeof rebuildable>
