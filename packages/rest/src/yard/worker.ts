import { z } from 'zod'
import { epochSeconds } from './scalars.js'
import { instanceStates } from './instance.js'

const labels = z.record(z.string(), z.string())

export const yardWorkerSchema = z.object({
  id: z.number(),
  name: z.string(),
  active: z.boolean().describe('False once no configuration names it.'),
  connected: z.object({ engineId: z.number(), engine: z.string(), host: z.string(), protocol: z.string(), since: epochSeconds }).nullable().describe('Null while it is away. A stock worker (msgpack) cannot resume its commands.'),
  awaySince: epochSeconds.nullable().describe('Of a worker that is away; null: it never came.'),
  missing: z.boolean().describe('It has been away for longer than its `missingTimeout`, and that has been told.'),
  builds: z.number().describe('How many builds run on it, the units that they take, and how many of each it may have; null: any number.'),
  maxBuilds: z.number().nullable(),
  units: z.number(),
  capacity: z.number().nullable(),
  paused: z.object({ reason: z.string().nullable() }).nullable(),
  graceful: z.boolean().describe('It is given nothing more, and goes once it is idle.'),
  killed: z.boolean(),
  failures: z.number().describe('Builds in a row that ended through its fault.'),
  quarantine: z.object({ until: epochSeconds, reason: z.string() }).nullable(),
  downtime: z.object({ until: epochSeconds, timeZone: z.string(), reason: z.string().nullable() }).nullable(),
  unavailable: z.string().nullable().describe('Why it is given no builds now, as the end of a sentence that begins with its name; null: it is given some.'),
  /** What builders choose it by: what it says of itself, and over that what is configured. */
  labels,
  configuredLabels: labels,
  status: z.object({ load1: z.number(), diskFreeBytes: z.number(), memoryFreeBytes: z.number(), at: epochSeconds }).nullable().describe('Its last report.'),
  info: z.record(z.string(), z.json()).describe('What it says of its machine; `files` are those of its folder `info`.'),
  notes: z.string().nullable(),
  pool: z.string().nullable().describe('Of a latent worker: its pool, and the state of the machine that it runs on or will; null: it connects by itself, or has none.'),
  machine: z.enum(instanceStates).nullable(),
  builders: z.array(z.number()).describe('Ids of the builders that it is configured for.'),
}).meta({ id: 'Worker', description: "A worker: all that Buildbot's resource has no room for, too." })
export type YardWorker = z.infer<typeof yardWorkerSchema>

export const yardWorkerAnswer = z.object({ worker: yardWorkerSchema })
export const yardWorkersAnswer = z.object({ workers: z.array(yardWorkerSchema) })

/** What can be done to a worker: `POST /api/yard/v1/workers/:id/ACTION`, its body says why. */
export const workerActions = ['pause', 'unpause', 'stop', 'kill', 'unquarantine'] as const
export type WorkerAction = (typeof workerActions)[number]

export const workerActionRequest = z.strictObject({ reason: z.string().max(10_000).optional() }).meta({ id: 'WorkerActionBody', description: 'Why.', examples: [{ reason: 'a new disk' }] })
export type WorkerActionBody = z.infer<typeof workerActionRequest>
