import { z } from 'zod'
import { priceSchema } from './instance.js'

const epochSeconds = z.number()
const count = z.number()
/** Seconds since a machine was asked for. */
const percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() })

/** A pool of machines, as `/api/yard/v1/pools` tells it; a latent worker of its own name is one of a single machine. Times are epoch seconds. */
export const poolSchema = z.object({
  id: z.number(),
  name: z.string(),
  /** False once no configuration names it. */
  active: z.boolean(),
  /** Ids of its workers, a slot each. */
  workers: z.array(z.number()),
  /** As configured; null: it is not any more. */
  configured: z.object({
    provider: z.string(), min: count, max: count, warm: count, buildWaitTimeout: z.number().nullable(), missingTimeout: z.number(), maxUses: z.number().nullable(), maxAge: z.number().nullable(),
    zones: z.array(z.string()), plans: z.array(z.string()), scaleIn: z.enum(['idle', 'billing-period']),
  }).nullable(),
  /** How many machines are in which state. */
  machines: z.object({ requested: count, creating: count, booting: count, ready: count, removing: count }),
  /** Of those that are ready. */
  building: count,
  idle: count,
  /** Pending requests of builders that may build on its machines. */
  waiting: count,
  /** Machines in a row that failed. */
  failures: count,
  /** Nothing is started before. */
  backoff: z.object({ until: epochSeconds, reason: z.string() }).nullable(),
  /** Nothing is started until somebody has looked, and cleared it. */
  alert: z.object({ reason: z.string(), since: epochSeconds.nullable() }).nullable(),
  paused: z.object({ reason: z.string().nullable() }).nullable(),
  /** Why it starts nothing now though builds wait, as the provisioner found when it looked last. */
  obstacle: z.object({ reason: z.string(), until: epochSeconds.nullable() }).nullable(),
  lastFailure: z.object({ at: epochSeconds, instance: z.number(), class: z.string(), message: z.string() }).nullable(),
  /** Of the newest machine with a price. */
  price: priceSchema.nullable(),
  /** What its machines cost since the day began; `since`: when. null: nothing is known of prices. */
  spent: z.object({ today: z.number(), since: epochSeconds, currency: z.string() }).nullable(),
  cap: z.object({ amount: z.number(), timeZone: z.string(), running: z.enum(['retry', 'finish']) }).nullable(),
  /** Of the last (at most 200) machines whose workers came: until the provider had accepted them, until they ran, until the worker was connected. */
  boot: z.object({ machines: count, created: percentiles, started: percentiles, connected: percentiles }).nullable(),
})
export type Pool = z.infer<typeof poolSchema>

export const poolAnswer = z.object({ pool: poolSchema })
export const poolsAnswer = z.object({ pools: z.array(poolSchema) })

/** What can be done to a pool: `POST /api/yard/v1/pools/:name/ACTION`, its body says why. */
export const poolActions = ['pause', 'resume', 'clear-alert'] as const
export type PoolAction = (typeof poolActions)[number]

export const poolActionRequest = z.strictObject({ reason: z.string().max(10_000).optional() })
export type PoolActionBody = z.infer<typeof poolActionRequest>
