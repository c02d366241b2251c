import { boolean, integer, nullable, properties, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const buildrequests = resourceType('buildrequest', 'buildrequests', {
  buildrequestid: integer,
  buildsetid: integer,
  builderid: integer,
  priority: integer,
  claimed: boolean,
  claimed_at: nullable(time),
  claimed_by_masterid: nullable(integer),
  complete: boolean,
  results: nullable(integer),
  submitted_at: time,
  complete_at: nullable(time),
  waited_for: boolean,
  /** Its buildset's, as far as `?property=` asks for them; otherwise null. */
  properties: nullable(properties),
})
export type BuildRequest = ResourceOf<typeof buildrequests>
