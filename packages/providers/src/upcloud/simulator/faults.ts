import type { Random } from '@yardmaster/runtime'
import { z } from 'zod'

const whenSchema = {
  /** Names the rule, so that it can be taken back. */
  id: z.string().optional(),
  /** Requests that it may strike; all if it is left out. `path`: a regular expression on the path after /1.3. Zone and plan: of a server to be created. */
  match: z.strictObject({ method: z.string().optional(), path: z.string().optional(), zone: z.string().optional(), plan: z.string().optional() }).optional(),
  /** How often it strikes: once, unless it has a probability. */
  times: z.union([z.int().positive(), z.literal('always')]).optional(),
  /** So many requests that match are let pass first. */
  skip: z.int().nonnegative().optional(),
  /** Drawn for each request that matches. */
  probability: z.number().min(0).max(1).optional(),
}

const statusFields = { status: z.int().min(400).max(599), code: z.string().optional(), message: z.string().optional(), retryAfterSeconds: z.number().optional() }
/** Of the simulator's time; left out: for ever. */
const forMs = { ms: z.number().nonnegative().optional() }

export const faultRuleSchema = z.discriminatedUnion('kind', [
  /** The connection ends before anything is done. */
  z.strictObject({ kind: z.literal('lostRequest'), ...whenSchema }),
  /** All is done, and the connection ends without an answer. */
  z.strictObject({ kind: z.literal('lostAnswer'), ...whenSchema }),
  /** All is done, and the answer says that it failed. */
  z.strictObject({ kind: z.literal('failedAfterDone'), ...statusFields, ...whenSchema }),
  /** Nothing is done. */
  z.strictObject({ kind: z.literal('status'), ...statusFields, ...whenSchema }),
  /** `ms` of our time, before it is done or (`after`) before it is answered. */
  z.strictObject({ kind: z.literal('delay'), ms: z.number().nonnegative(), after: z.boolean().optional(), ...whenSchema }),
  /** POST on a server: what it sets going stays in `maintenance`. */
  z.strictObject({ kind: z.literal('stuckMaintenance'), ...forMs, ...whenSchema }),
  /** POST on a server: it gets `error` first, and heals by itself after `ms`. */
  z.strictObject({ kind: z.literal('errorState'), ...forMs, ...whenSchema }),
  /** POST on a server: `afterMs` after it has become `started` it shows `maintenance` for `ms`. */
  z.strictObject({ kind: z.literal('spuriousMaintenance'), ms: z.number().nonnegative(), afterMs: z.number().nonnegative().optional(), ...whenSchema }),
  /** POST on a server: it gets `started`, but its system does not boot. */
  z.strictObject({ kind: z.literal('noBoot'), ...whenSchema }),
  /** POST on a server: `ms` after it has become `started` it is found `stopped`. */
  z.strictObject({ kind: z.literal('powerLoss'), ms: z.number().nonnegative(), ...whenSchema }),
  /** A list shows the world as it was `ms` ago: new things are not in it, deleted ones still are. */
  z.strictObject({ kind: z.literal('listLag'), ms: z.number().nonnegative(), ...whenSchema }),
  /** POST /server: SERVER_RESOURCES_UNAVAILABLE. */
  z.strictObject({ kind: z.literal('noCapacity'), ...whenSchema }),
  /** POST /server: SERVER_CREATING_LIMIT_REACHED. */
  z.strictObject({ kind: z.literal('creatingLimit'), ...whenSchema }),
])

export type FaultRule = z.infer<typeof faultRuleSchema>
export type FaultKind = FaultRule['kind']
export type Strikes = readonly FaultRule[]

/** The strike of a kind, if the request has one. */
export function strikeOf<K extends FaultKind>(strikes: Strikes, kind: K): Extract<FaultRule, { kind: K }> | undefined {
  return strikes.find((rule): rule is Extract<FaultRule, { kind: K }> => rule.kind === kind)
}

export type FaultTarget = { method: string; path: string; zone: string | null; plan: string | null }

export type Faults = {
  /** Answers the rule's id. */
  add(rule: FaultRule): string
  /** All of them without an id; answers how many there were. */
  remove(id?: string): number
  list(): { rule: FaultRule; struck: number; left: number | 'always' }[]
  /** Which rules strike this request; counts them. */
  strike(target: FaultTarget): Strikes
}

type Active = { id: string; rule: FaultRule; pattern: RegExp | null; toSkip: number; struck: number; left: number | 'always' }

function matches({ rule: { match }, pattern }: Active, target: FaultTarget): boolean {
  if (!match) return true
  return (match.method === undefined || match.method.toUpperCase() === target.method)
    && (pattern === null || pattern.test(target.path))
    && (match.zone === undefined || match.zone === target.zone)
    && (match.plan === undefined || match.plan === target.plan)
}

/** Whether the rule strikes now; counts. */
function strikes(active: Active, random: Random): boolean {
  if (active.toSkip > 0) {
    active.toSkip--
    return false
  }
  if (active.left === 0 || (active.rule.probability !== undefined && random.float() >= active.rule.probability)) return false
  active.struck++
  if (active.left !== 'always') active.left--
  return true
}

export function makeFaults(random: Random, rules: readonly FaultRule[] = []): Faults {
  const active = new Map<string, Active>()
  let added = 0
  const faults: Faults = {
    add: rule => {
      const id = rule.id ?? `fault-${++added}`
      const left = rule.times ?? (rule.probability === undefined ? 1 : 'always')
      active.set(id, { id, rule: { ...rule, id }, pattern: rule.match?.path === undefined ? null : new RegExp(rule.match.path), toSkip: rule.skip ?? 0, struck: 0, left })
      return id
    },
    remove: id => {
      const count = id === undefined ? active.size : Number(active.has(id))
      if (id === undefined) active.clear()
      else active.delete(id)
      return count
    },
    list: () => [...active.values()].map(({ rule, struck, left }) => ({ rule, struck, left })),
    strike: target => [...active.values()].filter(one => matches(one, target) && strikes(one, random)).map(({ rule }) => rule),
  }
  for (const rule of rules) faults.add(rule)
  return faults
}
