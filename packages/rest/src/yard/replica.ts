import { z } from 'zod'
import { epochSeconds } from './scalars.js'

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
  sets: z.array(z.string()).describe('Configuration sets that it serves.'),
  limits: z.object({ builders: z.array(z.string()), labels: z.record(z.string(), z.string()) }).nullable().describe('What an engine is limited to; null: nothing.'),
  workerUrl: z.string().nullable().describe('Where workers reach an engine, if it says so.'),
  workers: z.number().describe('Workers connected to it.'),
  builds: z.number().describe('Builds that it drives.'),
  draining: z.object({ since: epochSeconds, deadline: epochSeconds.nullable(), actor: z.string() }).nullable().describe('deadline null: as long as its builds take.'),
}).meta({ id: 'Replica', description: 'One life of one process of a role.' })
export type Replica = z.infer<typeof replicaSchema>

export const replicaAnswer = z.object({ replica: replicaSchema })
export const replicasAnswer = z.object({ replicas: z.array(replicaSchema) })

export const drainRequest = z.strictObject({ deadline: z.number().int().min(0).max(604_800).nullable().optional().describe('Seconds that builds which cannot be handed over are given; null or absent: as long as they take.') }).meta({ id: 'DrainBody', description: 'How long the drain may take.', examples: [{ deadline: 600 }] })
export type DrainBody = z.infer<typeof drainRequest>
