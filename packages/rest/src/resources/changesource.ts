import { integer, nullable, structure, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { masters } from './master.js'

export const changesources = resourceType('changesource', 'changesources', {
  changesourceid: integer,
  name: text,
  /** Who polls it, or would. */
  master: nullable(structure(masters.schema, masters.spec)),
})
export type Changesource = ResourceOf<typeof changesources>
