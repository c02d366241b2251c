import { z } from 'zod'
import { integer, nullable, structure, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const buildData = resourceType('build_data', 'build_data', {
  buildid: integer,
  name: text,
  /** Bytes. */
  length: integer,
  /** Always null: the value is at `…/data/NAME/value`. */
  value: nullable(structure(z.null(), { name: 'binary', type_spec: { name: 'binary' } })),
  source: text,
})
export type BuildData = ResourceOf<typeof buildData>
