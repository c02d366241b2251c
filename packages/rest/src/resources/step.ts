import { z } from 'zod'
import { boolean, integer, nullable, structure, text, time } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

export const steps = resourceType('step', 'steps', {
  stepid: integer,
  number: integer,
  name: text,
  buildid: integer,
  started_at: nullable(time),
  locks_acquired_at: nullable(time),
  complete: boolean,
  complete_at: nullable(time),
  results: nullable(integer),
  state_string: text,
  urls: structure(z.array(z.object({ name: z.string(), url: z.string() }))),
  hidden: boolean,
})
export type Step = ResourceOf<typeof steps>
