import { z } from 'zod'
import { epochSeconds } from './scalars.js'

const moment = epochSeconds.nullable()

export const instanceStates = ['requested', 'creating', 'booting', 'ready', 'removing', 'gone'] as const

export const priceSchema = z.object({ perHour: z.number(), currency: z.string(), period: z.number() }).meta({ id: 'Price', description: 'What is paid: `perHour` in `currency`, in whole periods of so many seconds.' })

export const instanceSchema = z.object({
  id: z.number(),
  pool: z.string(),
  workerId: z.number(),
  worker: z.string(),
  attempt: z.number().describe("With the installation's id and the worker's name the label that it carries at its provider."),
  provider: z.string(),
  generationId: z.number(),
  state: z.enum(instanceStates),
  desired: z.enum(['running', 'gone']).describe('The three facts that the state is told by: what is wanted, what the provider said last, and what a process is doing to it.'),
  observed: z.enum(['unknown', 'absent', 'starting', 'running', 'stopping', 'stopped', 'error']),
  operation: z.enum(['create', 'remove']).nullable(),
  unsureSince: moment.describe('Since when it is unknown whether it was created.'),
  tries: z.number().describe('Attempts of the present operation that failed, and when the next one is.'),
  retryAt: moment,
  connected: z.boolean().describe('Its worker is.'),
  builds: z.number().describe('Builds that run on it.'),
  uses: z.number().describe('Builds that it was given.'),
  zone: z.string().nullable(),
  plan: z.string().nullable(),
  externalId: z.string().nullable().describe("The provider's id."),
  storages: z.array(z.string()),
  address: z.string().nullable(),
  detail: z.string().nullable().describe("The provider's own word for its state."),
  reason: z.string().describe('Why it was started, and why it goes or went.'),
  retireReason: z.string().nullable().describe('Why it gets no further build, and goes once it has none; null: nothing is in the way.'),
  endReason: z.string().nullable(),
  failure: z.object({ class: z.string(), message: z.string() }).nullable(),
  price: priceSchema.nullable(),
  cost: z.number().nullable().describe("In the price's currency, so far; null: not known."),
  requestedAt: epochSeconds,
  createdAt: moment,
  startedAt: moment,
  connectedAt: moment,
  idleSince: moment,
  observedAt: moment,
  condemnedAt: moment,
  goneAt: moment,
}).meta({ id: 'Instance', description: 'A machine of a latent worker: one that is there, is to be, or was.' })
export type Instance = z.infer<typeof instanceSchema>
export type InstanceState = Instance['state']

const instanceBuild = z.object({
  buildid: z.number(), builderid: z.number(), builder: z.string(), number: z.number(), results: z.number().nullable(), startedAt: epochSeconds, completeAt: moment, cost: z.number().nullable(),
}).meta({ id: 'InstanceBuild', description: 'A build on a machine. `cost` is its part of what the machine costs: boot and idle times are borne by the builds in proportion to their durations.' })
export type InstanceBuild = z.infer<typeof instanceBuild>

/** `next`: the `before` of the next page; null: that was the last one. */
export const instancesAnswer = z.object({ instances: z.array(instanceSchema), next: z.number().nullable() })
/** Its builds, the newest first, at most 200. */
export const instanceAnswer = z.object({ instance: instanceSchema, builds: z.array(instanceBuild) })
export type InstanceDetails = z.infer<typeof instanceAnswer>

/** The machine that a build ran on, and its part of the cost; null: none of ours. */
export const buildCostAnswer = z.object({ machine: z.object({ instance: instanceSchema, cost: z.number().nullable() }).nullable() })
export type BuildMachine = NonNullable<z.infer<typeof buildCostAnswer>['machine']>

/** Which of them: newest first, at most `limit` (100). */
export type InstanceFilter = { pool?: string; worker?: string; state?: InstanceState[]; /** Only those of which something may be left. */ open?: boolean; before?: number; limit?: number }

export const stopInstanceRequest = z.strictObject({ now: z.boolean().optional().describe('What it builds is built again elsewhere; else it is let finish.'), reason: z.string().max(10_000).optional() }).meta({ id: 'StopInstanceBody', description: 'How a machine is removed, and why.', examples: [{ now: false, reason: 'its disk is slow' }] })
export type StopInstanceBody = z.infer<typeof stopInstanceRequest>
