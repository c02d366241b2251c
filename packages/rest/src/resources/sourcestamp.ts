import { z } from 'zod'
import { integer, nullable, structure, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

const patch = z.object({
  patchid: z.number().int(), level: z.number().int(), subdir: z.string(), body: z.string().nullable(),
  author: z.string().nullable(), comment: z.string().nullable(),
})

export const sourcestamps = resourceType('sourcestamp', 'sourcestamps', {
  ssid: integer,
  branch: nullable(text),
  revision: nullable(text),
  repository: text,
  project: text,
  codebase: text,
  patch: nullable(structure(patch)),
  created_at: time,
})
export type SourceStamp = ResourceOf<typeof sourcestamps>
