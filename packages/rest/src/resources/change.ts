import { integer, list, nullable, properties, quietlyNullable, structure, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { sourcestamps } from './sourcestamp.js'

export const changes = resourceType('change', 'changes', {
  changeid: integer,
  parent_changeids: list(integer),
  author: text,
  committer: quietlyNullable(text),
  files: list(text),
  comments: text,
  revision: nullable(text),
  /** Epoch seconds. */
  when_timestamp: integer,
  branch: nullable(text),
  category: nullable(text),
  revlink: nullable(text),
  properties,
  repository: text,
  project: text,
  codebase: text,
  sourcestamp: structure(sourcestamps.schema, sourcestamps.spec),
})
export type Change = ResourceOf<typeof changes>
