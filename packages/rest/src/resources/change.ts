import { integer, list, nullable, properties, structure, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { sourcestamps } from './sourcestamp.js'

export const changes = resourceType('change', 'changes', {
  changeid: integer,
  parent_changeids: list(integer),
  author: text,
  committer: nullable(text),
  files: list(text),
  comments: text,
  revision: nullable(text),
  when_timestamp: time,
  branch: nullable(text),
  category: nullable(text),
  revlink: nullable(text),
  properties,
  repository: text,
  project: text,
  codebase: text,
  sourcestamp: structure(sourcestamps.schema),
})
export type Change = ResourceOf<typeof changes>
