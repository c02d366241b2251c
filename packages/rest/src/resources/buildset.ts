import { z } from 'zod'
import { boolean, integer, nullable, structure, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { sourcestamps } from './sourcestamp.js'

export const buildsets = resourceType('buildset', 'buildsets', {
  bsid: integer,
  external_idstring: nullable(text),
  reason: text,
  rebuilt_buildid: nullable(integer),
  submitted_at: time,
  complete: boolean,
  complete_at: nullable(time),
  results: nullable(integer),
  sourcestamps: structure(z.array(sourcestamps.schema)),
  parent_buildid: nullable(integer),
  parent_relationship: nullable(text),
})
export type Buildset = ResourceOf<typeof buildsets>
