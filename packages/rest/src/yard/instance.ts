import { z } from 'zod'

const epochSeconds = z.number()
const moment = epochSeconds.nullable()

export const instanceStates = ['requested', 'creating', 'booting', 'ready', 'removing', 'gone'] as const

/** What is paid: `perHour` in `currency`, in whole periods of so many seconds. */
export const priceSchema = z.object({ perHour: z.number(), currency: z.string(), period: z.number() })

/** A machine of a latent worker, as `/api/yard/v1/instances` tells it: one that is there, is to be, or was. Times are epoch seconds. */
export const instanceSchema = z.object({
  id: z.number(),
  pool: z.string(),
  workerId: z.number(),
  worker: z.string(),
  /** With the installation's id and the worker's name the label that it carries at its provider. */
  attempt: z.number(),
  provider: z.string(),
  generationId: z.number(),
  state: z.enum(instanceStates),
  /** The three facts that the state is told by: what is wanted, what the provider said last, and what a process is doing to it. */
  desired: z.enum(['running', 'gone']),
  observed: z.enum(['unknown', 'absent', 'starting', 'running', 'stopping', 'stopped', 'error']),
  operation: z.enum(['create', 'remove']).nullable(),
  /** Since when it is unknown whether it was created. */
  unsureSince: moment,
  /** Attempts of the present operation that failed, and when the next one is. */
  tries: z.number(),
  retryAt: moment,
  /** Its worker is. */
  connected: z.boolean(),
  /** Builds that run on it. */
  builds: z.number(),
  /** Builds that it was given. */
  uses: z.number(),
  zone: z.string().nullable(),
  plan: z.string().nullable(),
  /** The provider's id. */
  externalId: z.string().nullable(),
  storages: z.array(z.string()),
  address: z.string().nullable(),
  /** The provider's own word for its state. */
  detail: z.string().nullable(),
  /** Why it was started, and why it goes or went. */
  reason: z.string(),
  /** Why it gets no further build, and goes once it has none; null: nothing is in the way. */
  retireReason: z.string().nullable(),
  endReason: z.string().nullable(),
  failure: z.object({ class: z.string(), message: z.string() }).nullable(),
  price: priceSchema.nullable(),
  /** In the price's currency, so far; null: not known. */
  cost: z.number().nullable(),
  requestedAt: epochSeconds,
  createdAt: moment,
  startedAt: moment,
  connectedAt: moment,
  idleSince: moment,
  observedAt: moment,
  condemnedAt: moment,
  goneAt: moment,
})
export type Instance = z.infer<typeof instanceSchema>
export type InstanceState = Instance['state']

/** A build on a machine. `cost` is its part of what the machine costs: boot and idle times are borne by the builds in proportion to their durations. */
const instanceBuild = z.object({
  buildid: z.number(), builderid: z.number(), builder: z.string(), number: z.number(), results: z.number().nullable(), startedAt: epochSeconds, completeAt: moment, cost: z.number().nullable(),
})
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

/** Body of `POST /api/yard/v1/instances/:id/stop`. `now`: what it builds is built again elsewhere; else it is let finish. */
export const stopInstanceRequest = z.strictObject({ now: z.boolean().optional(), reason: z.string().max(10_000).optional() })
export type StopInstanceBody = z.infer<typeof stopInstanceRequest>
