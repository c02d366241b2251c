import { z } from 'zod'
import { boolean, entitySpec, integer, json, nullable, structures, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

const id = z.number().int()

export const workers = resourceType('worker', 'workers', {
  workerid: integer,
  name: text,
  connected_to: structures(z.object({ masterid: id }), entitySpec('master_id', { masterid: integer })),
  configured_on: structures(z.object({ masterid: id, builderid: id }), entitySpec('master_builder', { masterid: integer, builderid: integer })),
  /** What the worker said of itself. */
  workerinfo: json,
  paused: boolean,
  pause_reason: nullable(text),
  graceful: boolean,
})
export type Worker = ResourceOf<typeof workers>
