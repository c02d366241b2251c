import { z } from 'zod'
import { entitySpec, integer, nullable, structure, text, time, type TypeSpec } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

const patch = z.object({
  patchid: z.number().int(), level: z.number().int(), subdir: z.string(), body: z.string().nullable(),
  author: z.string().nullable(), comment: z.string().nullable(),
})

const binary: TypeSpec = { name: 'binary', type_spec: { name: 'binary' } }
const patchSpec = entitySpec('patch', { patchid: integer, body: { spec: binary }, level: integer, subdir: text, author: text, comment: text })

export const sourcestamps = resourceType('sourcestamp', 'sourcestamps', {
  ssid: integer,
  revision: nullable(text),
  branch: nullable(text),
  repository: text,
  project: text,
  codebase: text,
  patch: nullable(structure(patch, patchSpec)),
  created_at: time,
})
export type SourceStamp = ResourceOf<typeof sourcestamps>
