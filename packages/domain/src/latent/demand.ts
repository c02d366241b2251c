import type { LockBoard, LockUse } from '../locks.js'
import { unavailability } from '../worker-availability.js'
import { canStart } from '../worker-matching.js'
import { dependsOnBuild } from './depends-on-build.js'
import { buildLimits } from './machine-limits.js'
import { choosePlacement, type Placement } from './placements.js'
import { wornOut, type PoolMachine, type PoolState, type PoolWorld, type WorkerRowFacts } from './pool-facts.js'
import { keptAt } from './pool-hours.js'
import { SlotMatching, takerKey, type Taker, type Waiting } from './slot-matching.js'

/** A request that nobody has claimed, in the order in which they are served. */
export type WaitingRequest = Waiting & {
  /** What its build needs from its begin to its end, of the installation. */
  locks: readonly LockUse[]
  /** The build that waits for it. */
  parent: number | null
}

export type Start = {
  pool: number
  workerId: number
  worker: string
  fingerprint: string | null
  /** Whose build it is made for; null: it is kept ready. */
  requestId: number | null
  placement: Placement
  reason: string
}

export type DemandPlan = {
  starts: Start[]
  /** Machines that a waiting request will be given, though nobody has claimed it yet. */
  awaited: ReadonlySet<number>
  /** Requests that could be on a worker now, and `takerKey` of that. */
  ready: ReadonlyMap<number, string>
  /** Idle machines that were made for other builds, and whose slots waiting requests need. */
  replaced: ReadonlySet<number>
  /** How many of the machines that it has each pool is to keep, by its id: those with or for builds and those kept ready, less those that are started. */
  kept: ReadonlyMap<number, number>
  /** Why a pool that more is wanted of starts nothing now, by its id. */
  obstacles: ReadonlyMap<number, Obstacle>
}

/** `until`: epoch ms when it is over; null: it does not end by itself. */
export type Obstacle = { why: string; until: number | null }

type Slots = { takers: Taker[]; machineOf: Map<Taker, PoolMachine>; workerOf: Map<Taker, WorkerRowFacts> }

/**
 * Which machines are to be started, so that each of these requests has a worker: one that is free, a machine that is under way, or a new one.
 * `barred`: pools that start nothing for reasons that are not in their rows.
 */
export function planDemand(world: PoolWorld, { requests, locks, barred }: { requests: readonly WaitingRequest[]; locks: LockBoard; barred: ReadonlyMap<number, Obstacle> }): DemandPlan {
  const obstacles = new Map<number, Obstacle>()
  const placementOf = new Map<number, Placement>()
  for (const pool of world.pools) {
    const chosen = barred.has(pool.id) ? barred.get(pool.id)! : startable(pool, world)
    if ('why' in chosen) obstacles.set(pool.id, chosen)
    else placementOf.set(pool.id, chosen)
  }
  const slots = slotsOf(world, placementOf)
  const matching = new SlotMatching(slots.takers)
  const left = place(matching, requests, locks)
  const starts = slots.takers.flatMap(taker => (taker.open && matching.given(taker).length > 0 ? [startFor(taker, slots, matching.given(taker), placementOf)] : []))
  const awaited = new Set(slots.takers.flatMap(taker => (matching.given(taker).length > 0 ? slots.machineOf.get(taker)?.id ?? [] : [])))
  const ready = new Map(slots.takers.flatMap(taker => (slots.workerOf.get(taker)!.connected && !taker.open ? matching.given(taker).map(({ id }) => [id, takerKey(taker)] as const) : [])))
  const kept = new Map<number, number>()
  for (const pool of world.pools) starts.push(...keepReady(pool, { world, slots, starts, awaited, kept, placement: placementOf.get(pool.id) }))
  return { starts, awaited, ready, replaced: makeRoom(left, { world, slots, awaited, placementOf }), kept, obstacles }
}

/** Where the next machine of the pool is made; or why there is none. */
function startable({ name, config, paused, alert, backoff, noRoom, refused }: PoolState, { now, engines }: PoolWorld): Placement | Obstacle {
  if (!config) return { why: `pool ${name} is not in the configuration any more`, until: null }
  if (paused) return { why: `pool ${name} is paused${paused.reason ? ` (${paused.reason})` : ''}`, until: null }
  if (alert !== null) return { why: `pool ${name} is stopped until somebody has looked: ${alert}`, until: null }
  if (backoff && backoff.until > now) return { why: `pool ${name} starts nothing for a while${backoff.reason ? `: ${backoff.reason}` : ''}`, until: backoff.until }
  const unusable = refused.find(({ fingerprint }) => fingerprint === null)
  if (unusable && !tailored(config.provider.machine)) return { why: `no machine can be made as pool ${name} is configured: ${unusable.why}`, until: null }
  if (!engines) return { why: 'no engine is there that a worker could connect to', until: null }
  const chosen = choosePlacement(config, noRoom, now)
  return 'placement' in chosen ? chosen.placement : { why: `there is no room for machines of pool ${name} in any of its zones and plans`, until: chosen.notBefore }
}

const tailored = dependsOnBuild

function slotsOf(world: PoolWorld, placementOf: ReadonlyMap<number, Placement>): Slots {
  const slots: Slots = { takers: [], machineOf: new Map(), workerOf: new Map() }
  const machines = new Map(world.machines.filter(({ holdsSlot }) => holdsSlot).map(machine => [machine.workerId, machine]))
  const pools = new Map(world.pools.map(pool => [pool.id, pool]))
  const [ready, underWay, open]: Taker[][] = [[], [], []]
  for (const worker of world.workers) {
    const pool = worker.pool === null ? null : pools.get(worker.pool)
    if (pool === undefined) continue
    const machine = pool ? machines.get(worker.id) : undefined
    const taker = pool ? slotTaker(worker, { pool, machine, world, startable: placementOf.has(pool.id) }) : takerOf(worker, worker, world.now)
    if (!taker) continue
    if (machine) slots.machineOf.set(taker, machine)
    slots.workerOf.set(taker, worker);
    (taker.open ? open! : worker.connected ? ready! : underWay!).push(taker)
  }
  slots.takers = [...ready!, ...underWay!, ...open!]
  return slots
}

/** What a slot of a pool takes, or would with a machine; null: nothing. */
function slotTaker(worker: WorkerRowFacts, { pool, machine, world, startable: canBegin }: { pool: PoolState; machine: PoolMachine | undefined; world: PoolWorld; startable: boolean }): Taker | null {
  const { config } = pool
  if (!config) return null
  // What is said of a worker's process is of the one before: a new machine brings a new one.
  const asNew = { ...worker, connected: true, graceful: false, orphans: false }
  if (machine) {
    if (!machine.wanted || isLeft(machine, world.now) || wornOut(machine, pool, world) !== null) return null
    const most = buildLimits(config).maxUses
    const taker = takerOf(worker, machine.connected ? worker : { ...asNew, quarantinedUntil: null }, world.now)
    return taker && { ...taker, pool: pool.id, fingerprint: machine.fingerprint, usesLeft: most === null ? null : most - machine.uses }
  }
  if (!canBegin || !config.workers.includes(worker.name)) return null
  const taker = takerOf(worker, asNew, world.now)
  return taker && { ...taker, pool: pool.id, open: true, tailored: tailored(config.provider.machine), usesLeft: buildLimits(config).maxUses }
}

/** Longer than a worker is without an engine when its own has ended. */
const RETURNS_MS = 20_000

const isLeft = ({ awaySince }: PoolMachine, now: number) => awaySince !== null && now - awaySince >= RETURNS_MS

function takerOf({ id, name, labels, maxBuilds, capacity, building, locks = [] }: WorkerRowFacts, facts: WorkerRowFacts, now: number): Taker | null {
  if (unavailability(facts, now)) return null
  return { id, locks, view: { name, labels, maxBuilds, capacity, unavailable: null, building }, pool: null, open: false, fingerprint: null, tailored: false, usesLeft: null }
}

/** First on what there is, each in its turn; then what found no place there in slots that are empty. A request whose locks are not free needs no worker yet. Answers what found none. */
function place(matching: SlotMatching, requests: readonly WaitingRequest[], locks: LockBoard): WaitingRequest[] {
  const placed = new Set<WaitingRequest>()
  for (const open of [false, true]) {
    for (const request of requests) {
      if (placed.has(request) || locks.inTheWay(request.locks, request.parent).length > 0 || !matching.place(request, open)) continue
      placed.add(request)
      locks.hold(request.locks, { build: -request.id, step: null })
    }
  }
  return requests.filter(request => !placed.has(request) && locks.inTheWay(request.locks, request.parent).length === 0)
}

type Room = { world: PoolWorld; slots: Slots; awaited: ReadonlySet<number>; placementOf: ReadonlyMap<number, Placement> }

/** For each request that found no place: the machine that has been idle for longest, of those that do not suit it but whose slots would. */
function makeRoom(left: readonly WaitingRequest[], { world, slots, awaited, placementOf }: Room): Set<number> {
  const replaced = new Set<number>()
  if (left.length === 0) return replaced
  const tailoredPools = new Set(world.pools.filter(({ id, config }) => config && placementOf.has(id) && tailored(config.provider.machine)).map(({ id }) => id))
  const idle = slots.takers.flatMap(taker => {
    const machine = slots.machineOf.get(taker)
    return machine?.idleSince != null && machine.builds === 0 && !awaited.has(machine.id) && tailoredPools.has(machine.pool) ? [{ taker, machine, since: machine.idleSince }] : []
  }).sort((a, b) => a.since - b.since)
  // A slot that is being emptied is room for one: without them each look would send another machine away while the first one goes.
  const going = world.machines.filter(({ wanted, holdsSlot, pool }) => !wanted && holdsSlot && tailoredPools.has(pool))
  for (const { builder, machines } of left) {
    const empties = going.findIndex(({ pool, workerId }) => {
      const worker = world.workers.find(({ id }) => id === workerId)
      if (machines.get(pool) == null || !worker) return false
      const { name, labels, maxBuilds, capacity } = worker
      return canStart({ name, labels, maxBuilds, capacity, unavailable: null, building: [] }, builder)
    })
    if (empties >= 0) going.splice(empties, 1)
    if (empties >= 0) continue
    const found = idle.find(({ taker, machine }) => !replaced.has(machine.id) && machines.get(machine.pool) != null && canStart(taker.view, builder))
    if (found) replaced.add(found.machine.id)
  }
  return replaced
}

function startFor(taker: Taker, { workerOf }: Slots, requests: readonly Waiting[], placementOf: ReadonlyMap<number, Placement>): Start {
  const pool = taker.pool!
  const [first] = requests
  const more = requests.length > 1 ? ` and ${requests.length - 1} more` : ''
  return {
    pool, workerId: workerOf.get(taker)!.id, worker: taker.view.name, fingerprint: taker.tailored ? first!.machines.get(pool) ?? null : null, requestId: first!.id,
    placement: placementOf.get(pool)!, reason: `build request ${first!.id}${more} waits`,
  }
}

type Keeping = { world: PoolWorld; slots: Slots; starts: readonly Start[]; awaited: ReadonlySet<number>; kept: Map<number, number>; placement: Placement | undefined }

/** Machines that are started though no build waits: as many as always are, and spare ones besides those that build. */
function keepReady(pool: PoolState, { world, slots, starts, awaited, kept, placement }: Keeping): Start[] {
  if (!pool.config) return []
  const { min, warm } = keptAt(pool.config, world.now)
  const own = world.machines.filter(machine => machine.pool === pool.id && machine.wanted && machine.holdsSlot)
  const fresh = own.filter(machine => wornOut(machine, pool, world) === null)
  const starting = starts.filter(start => start.pool === pool.id)
  const busy = fresh.filter(machine => machine.builds > 0 || awaited.has(machine.id)).length + starting.length
  kept.set(pool.id, Math.max(min - (own.length - fresh.length), busy + warm) - starting.length)
  const missing = kept.get(pool.id)! - fresh.length
  // What would not suit the build that comes is not kept ready.
  if (missing <= 0 || !placement || tailored(pool.config.provider.machine)) return []
  const taken = new Set(starting.map(start => start.workerId))
  const free = slots.takers.filter(taker => taker.open && taker.pool === pool.id && !taken.has(slots.workerOf.get(taker)!.id))
  const reason = busy + warm >= min ? 'kept ready besides those that build' : `pool ${pool.name} has at least ${min}`
  return free.slice(0, missing).map(taker => ({ pool: pool.id, workerId: slots.workerOf.get(taker)!.id, worker: taker.view.name, fingerprint: null, requestId: null, placement, reason }))
}
