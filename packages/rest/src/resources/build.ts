import { boolean, integer, nullable, properties, quietlyNullable, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const builds = resourceType('build', 'builds', {
  buildid: integer,
  number: integer,
  builderid: integer,
  buildrequestid: integer,
  workerid: integer,
  /** The replica that started it; null once that is forgotten. */
  masterid: quietlyNullable(integer),
  started_at: time,
  complete: boolean,
  complete_at: nullable(time),
  locks_duration_s: integer,
  results: nullable(integer),
  state_string: text,
  /** As far as `?property=` asks for them; otherwise empty. */
  properties: { ...properties, spec: nullable(properties).spec },
})
export type Build = ResourceOf<typeof builds>
