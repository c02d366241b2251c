import type { Clock, Random } from '@yardmaster/runtime'
import type { FaultRule } from './faults.js'
import type { Plan } from './catalogue/plans.js'
import type { ZonePrices } from './catalogue/prices.js'
import type { Template } from './catalogue/templates.js'
import type { Zone } from './catalogue/zones.js'

/** Of a main account; what it and its sub-accounts have together. As `GET /account` tells them. */
export type ResourceLimits = { [name: string]: number }

export type TokenOptions = {
  name?: string
  /** ucat_… */
  token: string
  /** Epoch ms; a year from the start if it is left out. */
  expiresAt?: number
  /** CIDR; everywhere if it is left out. */
  allowedIpRanges?: string[]
  canCreateTokens?: boolean
}

export type AccountOptions = {
  username: string
  password: string
  tokens?: TokenOptions[]
  /** Of which main account it is a sub-account. */
  mainAccount?: string
  allowApi?: boolean
  allowGui?: boolean
  /** billing, aux_billing, technical. */
  roles?: string[]
  /** UUIDs, or '*'. A sub-account may always use what it made. */
  serverAccess?: string[]
  storageAccess?: string[]
  networkAccess?: string[]
  tagAccess?: string[]
  /** From where the account may call: addresses, CIDR ranges or first-last. */
  ipFilters?: string[]
  /** 100 credits are one unit of the currency. */
  credits?: number
  currency?: string
  resourceLimits?: ResourceLimits
  /** Servers that may be in the making at once. */
  creatingLimit?: number
}

/** How many servers of a plan a zone has room for; '*' stands for all zones or plans. */
export type Capacity = { zone: string; plan: string; servers: number }

export type SimulatorOptions = {
  clock: Clock
  random: Random
  /** A folder of the simulator's own: machines live in it, and their processes are known by it. */
  home: string
  /** 0: any free one. */
  port?: number
  host?: string
  /** With a seed all chances are the same each time: boot times, faults, uuids, addresses. */
  seed?: number
  /** Of its time against ours. */
  speed?: number
  /** Multiplies recorded times of starting and stopping, so that tests need no fast clock (the bill's hours stay real). */
  timeScale?: number
  /** Seconds from POST /server to `started`, one of which is drawn for each server. */
  bootSeconds?: readonly number[]
  stopSeconds?: readonly number[]
  accounts?: AccountOptions[]
  zones?: readonly Zone[]
  plans?: readonly Plan[]
  templates?: readonly Template[]
  prices?: ReadonlyMap<string, ZonePrices>
  capacity?: Capacity[]
  faults?: FaultRule[]
  /** false: seconds are billed, not begun hours. */
  roundUpToHours?: boolean
  /** false: machines are only books; nothing is run. */
  boot?: boolean
  /** false: machines see and change the host's files with our rights, also where Linux could give them their own. */
  isolate?: boolean
  /** The world is kept here, and taken from here at the next start. */
  stateFile?: string
}

export const defaultLimits: ResourceLimits = {
  cores: 200, detached_floating_ips: 10, load_balancers: 50, managed_databases: 100, managed_kubernetes: 100, managed_object_storages: 100, memory: 1_048_576,
  network_gateways: 100, network_peerings: 100, networks: 100, ntp_excess_gib: 20_000, public_ipv4: 100, public_ipv6: 100, routers: 100,
  storage_hdd: 10_240, storage_maxiops: 10_240, storage_standard: 10_240, storage_total: 30_720,
}

export const defaultAccounts: AccountOptions[] = [{ username: 'simulator', password: 'simulator', tokens: [{ token: 'ucat_SIMULATOR', name: 'simulator', canCreateTokens: true }] }]
