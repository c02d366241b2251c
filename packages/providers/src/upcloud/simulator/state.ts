import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Server, Storage, World, WorldData } from './world.js'

/** What `/simulator/state` tells: what exists, and what is paid for without being attached to a server. */
export type SimulatorState = {
  now: number
  speed: number
  isolated: boolean
  servers: (Pick<Server, 'uuid' | 'title' | 'hostname' | 'owner' | 'zone' | 'plan' | 'state' | 'created' | 'on' | 'timeline'> & { labels: { [key: string]: string }; storages: string[]; processes: number })[]
  storages: (Pick<Storage, 'uuid' | 'title' | 'type' | 'size' | 'tier' | 'zone' | 'state' | 'owner'> & { labels: { [key: string]: string }; servers: string[] })[]
}

const labelsOf = ({ labels }: Server | Storage) => Object.fromEntries(labels.map(({ key, value }) => [key, value]))

export function stateOf(world: World): SimulatorState {
  const servers = [...world.servers.values()]
  const processes = world.machines.processes()
  return {
    now: world.clock.now(),
    speed: world.clock.speed(),
    isolated: world.machines.isolated,
    servers: servers.map(server => {
      const { uuid, title, hostname, owner, zone, plan, state, created, on, timeline } = server
      return { uuid, title, hostname, owner, zone, plan, state, created, on, timeline, labels: labelsOf(server), storages: server.devices.map(({ storage }) => storage), processes: processes.get(uuid)?.length ?? 0 }
    }),
    storages: [...world.storages.values()].filter(storage => storage.owner !== null).map(storage => {
      const { uuid, title, type, size, tier, zone, state, owner } = storage
      return { uuid, title, type, size, tier, zone, state, owner, labels: labelsOf(storage), servers: servers.filter(({ devices }) => devices.some(device => device.storage === uuid)).map(server => server.uuid) }
    }),
  }
}

const kept = ['accounts', 'tokens', 'servers', 'storages', 'networks', 'routers', 'addresses', 'tags', 'groups'] as const

type StateFile = { version: 1; now: number; meters: WorldData['meters']; maps: { [name in (typeof kept)[number]]: [string, never][] } }

export function saveWorld(world: World, file: string): void {
  const maps = Object.fromEntries(kept.map(name => [name, [...world[name]]]))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, JSON.stringify({ version: 1, now: world.clock.now(), meters: world.meters, maps }), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

/** null: there is none yet. Throws when it is another version's. */
export function loadWorld(file: string): { now: number; data: WorldData } | null {
  if (!existsSync(file)) return null
  const { version, now, meters, maps }: StateFile = JSON.parse(readFileSync(file, 'utf8'))
  if (version !== 1) throw new Error(`${file} is of version ${String(version)} of the simulator's state; this one reads version 1. Delete it to begin anew`)
  return {
    now,
    data: {
      accounts: new Map(maps.accounts), tokens: new Map(maps.tokens), servers: new Map(maps.servers), storages: new Map(maps.storages), networks: new Map(maps.networks), routers: new Map(maps.routers),
      addresses: new Map(maps.addresses), tags: new Map(maps.tags), groups: new Map(maps.groups), meters, deleted: [],
    },
  }
}
