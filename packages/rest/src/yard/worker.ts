import { z } from 'zod'
import { instanceStates } from './instance.js'

const epochSeconds = z.number()
const labels = z.record(z.string(), z.string())

/** A worker as `/api/yard/v1/workers` tells it: all that Buildbot's resource has no room for. Times are epoch seconds. */
export const yardWorkerSchema = z.object({
  id: z.number(),
  name: z.string(),
  /** False once no configuration names it. */
  active: z.boolean(),
  /** Null while it is away. A stock worker (msgpack) cannot resume its commands. */
  connected: z.object({ engineId: z.number(), engine: z.string(), host: z.string(), protocol: z.string(), since: epochSeconds }).nullable(),
  /** Of a worker that is away; null: it never came. */
  awaySince: epochSeconds.nullable(),
  /** It has been away for longer than its `missingTimeout`, and that has been told. */
  missing: z.boolean(),
  /** How many builds run on it, the units that they take, and how many of each it may have; null: any number. */
  builds: z.number(),
  maxBuilds: z.number().nullable(),
  units: z.number(),
  capacity: z.number().nullable(),
  paused: z.object({ reason: z.string().nullable() }).nullable(),
  /** It is given nothing more, and goes once it is idle. */
  graceful: z.boolean(),
  killed: z.boolean(),
  /** Builds in a row that ended through its fault. */
  failures: z.number(),
  quarantine: z.object({ until: epochSeconds, reason: z.string() }).nullable(),
  downtime: z.object({ until: epochSeconds, timeZone: z.string(), reason: z.string().nullable() }).nullable(),
  /** Why it is given no builds now, as the end of a sentence that begins with its name; null: it is given some. */
  unavailable: z.string().nullable(),
  /** What builders choose it by: what it says of itself, and over that what is configured. */
  labels,
  configuredLabels: labels,
  /** Its last report. */
  status: z.object({ load1: z.number(), diskFreeBytes: z.number(), memoryFreeBytes: z.number(), at: epochSeconds }).nullable(),
  /** What it says of its machine; `files` are those of its folder `info`. */
  info: z.record(z.string(), z.json()),
  notes: z.string().nullable(),
  /** Of a latent worker: its pool, and the state of the machine that it runs on or will; null: it connects by itself, or has none. */
  pool: z.string().nullable(),
  machine: z.enum(instanceStates).nullable(),
  /** Ids of the builders that it is configured for. */
  builders: z.array(z.number()),
})
export type YardWorker = z.infer<typeof yardWorkerSchema>

export const yardWorkerAnswer = z.object({ worker: yardWorkerSchema })
export const yardWorkersAnswer = z.object({ workers: z.array(yardWorkerSchema) })

/** What can be done to a worker: `POST /api/yard/v1/workers/:id/ACTION`, its body says why. */
export const workerActions = ['pause', 'unpause', 'stop', 'kill', 'unquarantine'] as const
export type WorkerAction = (typeof workerActions)[number]

export const workerActionRequest = z.strictObject({ reason: z.string().max(10_000).optional() })
export type WorkerActionBody = z.infer<typeof workerActionRequest>
