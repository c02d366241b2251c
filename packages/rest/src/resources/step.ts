import { z } from 'zod'
import { boolean, entitySpec, integer, named, nullable, structures, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const steps = resourceType('step', 'steps', {
  stepid: integer,
  number: integer,
  name: named,
  buildid: integer,
  started_at: nullable(time),
  locks_acquired_at: nullable(time),
  complete: boolean,
  complete_at: nullable(time),
  results: nullable(integer),
  state_string: text,
  urls: structures(z.object({ name: z.string(), url: z.string() }), entitySpec('Url', { name: text, url: text })),
  hidden: boolean,
})
export type Step = ResourceOf<typeof steps>
