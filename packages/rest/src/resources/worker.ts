import { z } from 'zod'
import { boolean, integer, json, nullable, structure, text } from '../field.js'
import { resourceType, type ResourceOf } from '../resource-type.js'

const id = z.number().int()

export const workers = resourceType('worker', 'workers', {
  workerid: integer,
  name: text,
  connected_to: structure(z.array(z.object({ masterid: id }))),
  configured_on: structure(z.array(z.object({ masterid: id, builderid: id }))),
  /** What the worker said of itself. */
  workerinfo: json,
  paused: boolean,
  pause_reason: nullable(text),
  graceful: boolean,
})
export type Worker = ResourceOf<typeof workers>
