import { boolean, identifier, integer, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const logs = resourceType('log', 'logs', {
  logid: integer,
  name: text,
  slug: identifier(50),
  stepid: integer,
  complete: boolean,
  num_lines: integer,
  /** s: stdio, each line begins with o, e or h; t: text. */
  type: identifier(1),
})
export type Log = ResourceOf<typeof logs>

export const logchunks = resourceType('logchunk', 'logchunks', { logid: integer, firstline: integer, content: text })
export type LogChunk = ResourceOf<typeof logchunks>
