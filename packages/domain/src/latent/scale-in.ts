import { capState, REMOVAL_MS } from './caps.js'
import type { DemandPlan } from './demand.js'
import { paidUntil } from './money.js'
import type { PoolConfig } from './pool-config.js'
import { wornOut, type PoolMachine, type PoolState, type PoolWorld } from './pool-facts.js'

/** What `condemnInstance` is to be asked. `uses`: only if it was given no build since. */
export type Dismissal = { machine: number; uses: number; reason: string; building: 'leave' | 'retire' | 'retry'; /** It counts against its pool. */ failed?: boolean }

export type ScaleInPlan = {
  dismissals: Dismissal[]
  /** Epoch ms of the next moment at which one may be due; null: none is known. */
  nextAt: number | null
}

/** A machine that never had a build though it may have only one. */
const UNUSED_MS = 60_000
/** A worker that left its machine comes back within this, or not at all. */
const AWAY_MS = 60_000
/** Builds are given no more to a machine whose next period is not within the cap, so long before. */
const REVOKED_MS = 600_000

/** Which machines are not wanted any more. Whoever condemns them checks again, with their sessions held, that no build has come. */
export function planScaleIn(world: PoolWorld, plan: Pick<DemandPlan, 'awaited' | 'kept'>): ScaleInPlan {
  const planning: ScaleInPlan = { dismissals: [], nextAt: null }
  for (const pool of world.pools) {
    const machines = world.machines.filter(machine => machine.pool === pool.id && machine.wanted)
    const costly = overCap(pool, world)
    const [going, staying] = parted(machines, machine => costly.get(machine.id) ?? worn(machine, pool, world) ?? ill(machine, world) ?? left(machine, world.now))
    planning.dismissals.push(...going)
    if (pool.config) idle(staying, { pool: pool.config, now: world.now, ...plan, kept: plan.kept.get(pool.id) ?? 0 }, planning)
    for (const machine of machines) {
      if (pool.config?.maxAge != null) due(planning, machine.requestedAt + pool.config.maxAge * 1000, world.now)
      if (machine.awaySince !== null) due(planning, machine.awaySince + AWAY_MS, world.now)
    }
  }
  return planning
}

function parted(machines: readonly PoolMachine[], dismissed: (machine: PoolMachine) => Omit<Dismissal, 'machine' | 'uses'> | null): [Dismissal[], PoolMachine[]] {
  const going: Dismissal[] = []
  const staying: PoolMachine[] = []
  for (const machine of machines) {
    const why = dismissed(machine)
    if (!why) staying.push(machine)
    // It is told so already, and builds still.
    else if (why.building !== 'retire' || machine.builds === 0 || machine.retireReason === null) going.push({ machine: machine.id, uses: machine.uses, ...why })
  }
  return [going, staying]
}

function due(plan: ScaleInPlan, at: number, now: number): void {
  if (at > now && (plan.nextAt === null || at < plan.nextAt)) plan.nextAt = at
}

const worn = (machine: PoolMachine, pool: PoolState, world: PoolWorld) => {
  const reason = wornOut(machine, pool, world)
  return reason === null ? null : { reason, building: 'retire' as const }
}

/** Builds failed through its fault, one after the other: a new one is better than one that is waited for. */
function ill(machine: PoolMachine, { workers, now }: PoolWorld) {
  const until = machine.connected ? workers.find(worker => worker.id === machine.workerId)?.quarantinedUntil ?? 0 : 0
  return until > now ? { reason: 'its worker is in quarantine: builds failed through its fault', building: 'retire' as const } : null
}

/** Its worker ended, and only a new machine brings another. */
function left(machine: PoolMachine, now: number) {
  return machine.awaySince !== null && now - machine.awaySince >= AWAY_MS && machine.builds === 0 ? { reason: 'its worker has left it', building: 'leave' as const, failed: true } : null
}

/** What is done about machines whose next paid period is not within the day's cap. */
function overCap({ id, name, config }: PoolState, { now, machines }: PoolWorld): Map<number, Omit<Dismissal, 'machine' | 'uses'>> {
  const found = new Map<number, Omit<Dismissal, 'machine' | 'uses'>>()
  const cap = config?.dailyCap
  if (!cap) return found
  const reason = `the next period that is paid is not within the daily cap of pool ${name} (${cap.amount})`
  for (const [machine, at] of capState(cap, machines.filter(({ pool }) => pool === id), now).over) {
    if (at - now <= REMOVAL_MS && cap.running === 'retry') found.set(machine, { reason, building: 'retry' })
    else if (at - now <= REVOKED_MS) found.set(machine, { reason, building: 'retire' })
  }
  return found
}

type Idling = { pool: PoolConfig; now: number; awaited: ReadonlySet<number>; kept: number }

/** Those that no build came to for long enough, as many as are more than the pool keeps. First whose paid time is about to end, then who has waited longest. */
function idle(machines: readonly PoolMachine[], { pool, now, awaited, kept }: Idling, plan: ScaleInPlan): void {
  let surplus = machines.length - kept
  const spare = machines.filter(machine => machine.builds === 0 && !awaited.has(machine.id))
  const waits = spare.flatMap(machine => ({ machine, at: goesAt(machine, pool, now) ?? Infinity })).filter(({ at }) => at < Infinity)
  waits.sort((a, b) => paidFor(a.machine, now) - paidFor(b.machine, now) || a.at - b.at)
  for (const { machine, at } of waits) {
    if (surplus <= 0) return
    if (at > now) due(plan, at, now)
    else {
      surplus--
      plan.dismissals.push({ machine: machine.id, uses: machine.uses, reason: idleReason(machine, now), building: 'leave' })
    }
  }
}

function idleReason({ idleSince, begun }: PoolMachine, now: number): string {
  return begun && idleSince !== null ? `no build for ${Math.round((now - idleSince) / 1000)} s` : 'nobody waits for it any more'
}

/** Epoch ms from which on it is not kept; null: it is kept, or still under way. */
function goesAt(machine: PoolMachine, { buildWaitTimeout, scaleIn }: PoolConfig, now: number): number | null {
  if (!machine.begun) return now
  if (machine.idleSince === null || buildWaitTimeout === null) return null
  const at = machine.idleSince + (buildWaitTimeout === 0 ? UNUSED_MS : buildWaitTimeout * 1000)
  if (scaleIn !== 'billing-period' || !machine.price || machine.createdAt === null) return at
  const begins = beginsToGo(machine.createdAt, machine.price.period, Math.max(at, now))
  return Math.max(at, begins)
}

/** The first moment, not before `at`, in the last minutes of a paid period. */
function beginsToGo(from: number, period: number, at: number): number {
  const margin = Math.min(2.5 * REMOVAL_MS, period * 1000 / 4)
  return Math.max(at, paidUntil({ from, period }, at) - margin)
}

/** How long it is paid for, ms. */
function paidFor({ createdAt, price }: PoolMachine, now: number): number {
  return createdAt === null || !price ? 0 : paidUntil({ from: createdAt, period: price.period }, now) - now
}
