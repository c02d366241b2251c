import { boolean, integer, nullable, structure, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'
import { masters } from './master.js'

export const schedulers = resourceType('scheduler', 'schedulers', {
  schedulerid: integer,
  name: text,
  enabled: boolean,
  /** Who dispatches changes to it now. */
  master: nullable(structure(masters.schema, masters.spec)),
})
export type Scheduler = ResourceOf<typeof schedulers>
