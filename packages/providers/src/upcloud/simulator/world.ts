import type { Json } from '@yardmaster/domain'
import type { Random } from '@yardmaster/runtime'
import type { TemplateType } from './catalogue/templates.js'
import type { Plan } from './catalogue/plans.js'
import type { ZonePrices } from './catalogue/prices.js'
import type { Zone } from './catalogue/zones.js'
import type { Faults } from './faults.js'
import type { Machines } from './machine/machines.js'
import type { Capacity, ResourceLimits } from './options.js'
import type { VirtualClock } from './virtual-clock.js'

export type Label = { key: string; value: string }
export type YesNo = 'yes' | 'no'
export type ServerState = 'started' | 'stopped' | 'maintenance' | 'error'
export type StorageState = 'online' | 'maintenance' | 'cloning' | 'backuping' | 'syncing' | 'error'

/** What is to come: at `at` (virtual ms) the state becomes `state`. `power` also switches the machine. */
export type Step<State> = { at: number; state: State; power?: 'on' | 'off' }

export type Account = {
  username: string
  password: string
  main: string
  details: { [field: string]: string }
  allowApi: boolean
  allowGui: boolean
  roles: string[]
  serverAccess: string[]
  storageAccess: string[]
  networkAccess: string[]
  tagAccess: string[]
  ipFilters: string[]
  credits: number
  resourceLimits: ResourceLimits
  creatingLimit: number
}

export type Token = {
  id: string
  username: string
  name: string
  token: string
  createdAt: number
  expiresAt: number
  lastUsedAt: number | null
  canCreateTokens: boolean
  allowedIpRanges: string[]
}

export type Device = { address: string; storage: string; type: 'disk' | 'cdrom'; bootDisk: boolean }

export type Address = {
  address: string
  family: 'IPv4' | 'IPv6'
  access: 'public' | 'utility' | 'private'
  owner: string
  mac: string
  ptrRecord: string
  zone: string
  server: string | null
  partOfPlan: boolean
  floating: boolean
}

export type Interface = { index: number; type: 'public' | 'utility' | 'private'; mac: string; network: string; bootable: YesNo; sourceIpFiltering: YesNo; addresses: string[] }

export type FirewallRule = { [field: string]: string }

export type Server = {
  uuid: string
  /** Main account. */
  owner: string
  creator: string
  title: string
  hostname: string
  zone: string
  plan: string
  coreNumber: number
  memoryAmount: number
  created: number
  state: ServerState
  /** Ascending. */
  timeline: Step<ServerState>[]
  labels: Label[]
  tags: string[]
  /** What GET tells as it was given: boot_order, firewall, metadata, nic_model … */
  plain: { [field: string]: string }
  /** Only while it is on. */
  host: number
  serverGroup: string | null
  interfaces: Interface[]
  devices: Device[]
  userData: string
  /** user_data runs at the first boot only. */
  bootedBefore: boolean
  firewallRules: FirewallRule[]
  on: boolean
  /** A fault: its system does not come up this time. */
  noBoot: boolean
}

export type Storage = {
  uuid: string
  /** Main account; null: everybody's. */
  owner: string | null
  creator: string
  title: string
  type: 'normal' | 'backup' | 'cdrom' | 'template'
  size: number
  tier: string | null
  zone: string | null
  created: number | null
  state: StorageState
  timeline: Step<StorageState>[]
  labels: Label[]
  encrypted: YesNo
  license: number
  origin: string | null
  backupRule: { [field: string]: string } | null
  /** What system is on it; null: none. */
  image: { templateType: TemplateType; title: string } | null
  partOfPlan: boolean
  /** `location` null: what is uploaded to us, once it has been. */
  imported: { uuid: string; location: string | null; startedAt: number; completesAt: number | null; bytes: number; md5: string; sha256: string } | null
}

export type Network = {
  uuid: string
  owner: string | null
  name: string
  type: 'public' | 'utility' | 'private'
  zone: string
  router: string | null
  labels: Label[]
  ipNetworks: { [field: string]: Json }[]
}

export type Router = { uuid: string; owner: string; name: string; type: string; labels: Label[]; staticRoutes: { name: string; route: string; nexthop: string }[] }
export type Tag = { name: string; description: string; owner: string }
export type ServerGroup = { uuid: string; owner: string; title: string; antiAffinity: string; labels: Label[]; servers: string[] }

/** A stretch of time in which something was paid for. */
export type Meter = {
  /** UUID, or an address. */
  resource: string
  kind: 'server' | 'storage' | 'address'
  owner: string
  title: string
  labels: Label[]
  /** Which server it belongs to, or belonged to last. */
  server: string | null
  zone: string
  /** Of the price list -> how many of its amounts. */
  items: { [item: string]: number }
  from: number
  /** null: still. */
  to: number | null
}

/** The data that a state file keeps. */
export type WorldData = {
  accounts: Map<string, Account>
  tokens: Map<string, Token>
  servers: Map<string, Server>
  storages: Map<string, Storage>
  networks: Map<string, Network>
  routers: Map<string, Router>
  addresses: Map<string, Address>
  tags: Map<string, Tag>
  groups: Map<string, ServerGroup>
  meters: Meter[]
  /** What was deleted of late: lists that lag still show it. */
  deleted: { at: number; server: Server | null; storage: Storage | null }[]
}

export type World = WorldData & {
  clock: VirtualClock
  random: Random
  /** For what no decision hangs on: requests do not change the course of a seed. */
  idRandom: Random
  zones: readonly Zone[]
  plans: readonly Plan[]
  prices: ReadonlyMap<string, ZonePrices>
  capacity: Capacity[]
  faults: Faults
  machines: Machines
  timeScale: number
  bootSeconds: readonly number[]
  stopSeconds: readonly number[]
  roundUpToHours: boolean
  /** Called when a server's state changed. */
  changed: (server: Server) => void
}
