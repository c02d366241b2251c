import type { Labels } from '../labels.js'
import type { LockClaim } from '../locks.js'
import type { WorkerFacts } from '../worker-availability.js'
import type { Price } from './machine.js'
import { spentBy } from './machine-limits.js'
import type { NoRoom } from './placements.js'
import type { PoolConfig } from './pool-config.js'

/** A worker as its rows have it, with what it builds. */
export type WorkerRowFacts = WorkerFacts & {
  id: number
  name: string
  /** Its pool's id; null: it connects by itself. */
  pool: number | null
  labels: Labels
  maxBuilds: number | null
  capacity: number | null
  building: readonly { builder: string; units: number }[]
  /** Who has, or waits for, its own locks. */
  locks?: readonly LockClaim[]
}

/** An instance of which something may be left. Moments are epoch ms on the database's clock, as all here. */
export type PoolMachine = {
  id: number
  pool: number
  workerId: number
  worker: string
  generationId: number
  fingerprint: string | null
  zone: string | null
  plan: string | null
  wanted: boolean
  holdsSlot: boolean
  /** Its provider was asked, or is being: it may be there. */
  begun: boolean
  connected: boolean
  /** Builds that run on it. */
  builds: number
  uses: number
  requestedAt: number
  createdAt: number | null
  /** Its worker was connected first. */
  connectedAt: number | null
  /** Since when its worker, though connected, has had no build. */
  idleSince: number | null
  /** Since when its worker, which was connected, is not, though it could be. */
  awaySince: number | null
  retireReason: string | null
  goneAt: number | null
  price: Price | null
}

export type PoolState = {
  id: number
  name: string
  /** As the active configuration has it; null: it does not. */
  config: PoolConfig | null
  paused: { reason: string | null } | null
  alert: string | null
  backoff: { until: number; reason: string | null } | null
  noRoom: readonly NoRoom[]
  /** What no machine can be made of under the active configuration: fingerprints of the options, null for those that suit every build. */
  refused: readonly { fingerprint: string | null; why: string }[]
}

/** All that says which machines are wanted. */
export type PoolWorld = {
  /** Epoch ms. */
  now: number
  /** Somebody lives whom a worker could connect to. */
  engines: boolean
  /** Of one configuration set, also those that it does not name any more. */
  pools: readonly PoolState[]
  workers: readonly WorkerRowFacts[]
  machines: readonly PoolMachine[]
  /** Whether a machine was made of other options than its pool has now. */
  outdated: (machine: PoolMachine) => boolean
}

/** Why a machine is given no further build; null: nothing is in the way. */
export function wornOut(machine: PoolMachine, pool: PoolState, { now, outdated }: Pick<PoolWorld, 'now' | 'outdated'>): string | null {
  const { config } = pool
  if (!config) return `pool ${pool.name} is not in the configuration any more`
  if (!config.workers.includes(machine.worker)) return `worker ${machine.worker} is not in pool ${pool.name} any more`
  if (machine.retireReason !== null) return machine.retireReason
  if (outdated(machine)) return `pool ${pool.name} has other options now`
  return spentBy(config, { uses: machine.uses, age: (now - machine.requestedAt) / 1000 })
}
