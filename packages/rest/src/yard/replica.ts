import { z } from 'zod'

const epochSeconds = z.number()

/** One life of one process of a role, as `/api/yard/v1/replicas` tells it. Times are epoch seconds. */
export const replicaSchema = z.object({
  id: z.number(),
  role: z.string(),
  name: z.string(),
  host: z.string(),
  pid: z.number(),
  state: z.enum(['alive', 'stopped', 'dead']),
  version: z.string(),
  startedAt: epochSeconds,
  seenAt: epochSeconds,
  stoppedAt: epochSeconds.nullable(),
  /** Configuration sets that it serves. */
  sets: z.array(z.string()),
  /** What an engine is limited to; null: nothing. */
  limits: z.object({ builders: z.array(z.string()), labels: z.record(z.string(), z.string()) }).nullable(),
  /** Where workers reach an engine, if it says so. */
  workerUrl: z.string().nullable(),
  /** Workers connected to it. */
  workers: z.number(),
  /** Builds that it drives. */
  builds: z.number(),
  /** deadline null: as long as its builds take. */
  draining: z.object({ since: epochSeconds, deadline: epochSeconds.nullable(), actor: z.string() }).nullable(),
})
export type Replica = z.infer<typeof replicaSchema>

export const replicaAnswer = z.object({ replica: replicaSchema })
export const replicasAnswer = z.object({ replicas: z.array(replicaSchema) })

/** Body of `POST /api/yard/v1/replicas/:id/drain`. `deadline`: seconds that builds which cannot be handed over are given; null or absent: as long as they take. */
export const drainRequest = z.strictObject({ deadline: z.number().int().min(0).max(604_800).nullable().optional() })
export type DrainBody = z.infer<typeof drainRequest>
