import { boolean, integer, nullable, structures, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { sourcestamps } from './sourcestamp.js'

export const buildsets = resourceType('buildset', 'buildsets', {
  bsid: integer,
  external_idstring: nullable(text),
  reason: text,
  rebuilt_buildid: nullable(integer),
  /** Epoch seconds, as `complete_at`. */
  submitted_at: integer,
  complete: boolean,
  complete_at: nullable(integer),
  results: nullable(integer),
  sourcestamps: structures(sourcestamps.schema, sourcestamps.spec),
  parent_buildid: nullable(integer),
  parent_relationship: nullable(text),
})
export type Buildset = ResourceOf<typeof buildsets>
