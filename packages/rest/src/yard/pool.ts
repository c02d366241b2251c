import { z } from 'zod'
import { epochSeconds } from './scalars.js'
import { priceSchema } from './instance.js'

const count = z.number()
const percentiles = z.object({ p50: z.number(), p90: z.number(), p99: z.number() }).meta({ id: 'Percentiles', description: 'Seconds since a machine was asked for.' })

export const poolSchema = z.object({
  id: z.number(),
  name: z.string(),
  active: z.boolean().describe('False once no configuration names it.'),
  workers: z.array(z.number()).describe('Ids of its workers, a slot each.'),
  configured: z.object({
    provider: z.string(), min: count, max: count, warm: count, buildWaitTimeout: z.number().nullable(), missingTimeout: z.number(), maxUses: z.number().nullable(), maxAge: z.number().nullable(),
    zones: z.array(z.string()), plans: z.array(z.string()), scaleIn: z.enum(['idle', 'billing-period']),
  }).nullable().describe('As configured; null: it is not any more.'),
  machines: z.object({ requested: count, creating: count, booting: count, ready: count, removing: count }).describe('How many machines are in which state.'),
  building: count.describe('Of those that are ready.'),
  idle: count,
  waiting: count.describe('Pending requests of builders that may build on its machines.'),
  failures: count.describe('Machines in a row that failed.'),
  backoff: z.object({ until: epochSeconds, reason: z.string() }).nullable().describe('Nothing is started before.'),
  alert: z.object({ reason: z.string(), since: epochSeconds.nullable() }).nullable().describe('Nothing is started until somebody has looked, and cleared it.'),
  paused: z.object({ reason: z.string().nullable() }).nullable(),
  obstacle: z.object({ reason: z.string(), until: epochSeconds.nullable() }).nullable().describe('Why it starts nothing now though builds wait, as the provisioner found when it looked last.'),
  lastFailure: z.object({ at: epochSeconds, instance: z.number(), class: z.string(), message: z.string() }).nullable(),
  price: priceSchema.nullable().describe('Of the newest machine with a price.'),
  spent: z.object({ today: z.number(), since: epochSeconds, currency: z.string() }).nullable().describe('What its machines cost since the day began; `since`: when. null: nothing is known of prices.'),
  cap: z.object({ amount: z.number(), timeZone: z.string(), running: z.enum(['retry', 'finish']) }).nullable(),
  boot: z.object({ machines: count, created: percentiles, started: percentiles, connected: percentiles }).nullable().describe('Of the last (at most 200) machines whose workers came: until the provider had accepted them, until they ran, until the worker was connected.'),
}).meta({ id: 'Pool', description: 'A pool of machines; a latent worker of its own name is one of a single machine.' })
export type Pool = z.infer<typeof poolSchema>

export const poolAnswer = z.object({ pool: poolSchema })
export const poolsAnswer = z.object({ pools: z.array(poolSchema) })

/** What can be done to a pool: `POST /api/yard/v1/pools/:name/ACTION`, its body says why. */
export const poolActions = ['pause', 'resume', 'clear-alert'] as const
export type PoolAction = (typeof poolActions)[number]

export const poolActionRequest = z.strictObject({ reason: z.string().max(10_000).optional() }).meta({ id: 'PoolActionBody', description: 'Why.', examples: [{ reason: 'the bill' }] })
export type PoolActionBody = z.infer<typeof poolActionRequest>
