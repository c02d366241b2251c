import { isPaidOnlyWhileOn } from './catalogue/plans.js'
import { recordedRestart, recordedStart } from './catalogue/recorded-times.js'
import { strikeOf, type Strikes } from './faults.js'
import { endMeter, meterAddress, meterServer, meterStorage } from './meters.js'
import { pick } from './seeded-random.js'
import type { Server, ServerState, Step, Storage, World } from './world.js'

/** How long `error` lasts when the fault does not say. */
const errorMs = 120_000

type ServerStep = Step<ServerState>

function switchPower(world: World, server: Server, power: 'on' | 'off'): void {
  const wasOn = server.on
  server.on = power === 'on'
  if (wasOn !== server.on && isPaidOnlyWhileOn(server.plan)) meterServer(world, server)
  if (power === 'off') {
    world.machines.end(server.uuid)
    return
  }
  const image = bootImage(world, server)
  if (image && !server.noBoot) world.machines.boot({ uuid: server.uuid, hostname: server.hostname, userData: server.userData, image: image.title, firstBoot: !server.bootedBefore })
  server.bootedBefore ||= image !== null
}

function bootImage(world: World, server: Server): Storage['image'] {
  const device = server.devices.find(({ bootDisk }) => bootDisk) ?? server.devices.find(({ type }) => type === 'disk')
  return device === undefined ? null : world.storages.get(device.storage)?.image ?? null
}

/** Takes the steps that are due, and waits for the next one. */
export function follow(world: World, server: Server): void {
  const next = server.timeline[0]
  if (next === undefined) return
  world.clock.at(next.at, () => {
    // Something else was set going meanwhile, or the server is deleted.
    if (server.timeline[0] !== next || world.servers.get(server.uuid) !== server) return
    server.timeline.shift()
    server.state = next.state
    if (next.power) switchPower(world, server, next.power)
    world.changed(server)
    follow(world, server)
  })
}

export function followStorage(world: World, storage: Storage): void {
  const next = storage.timeline[0]
  if (next === undefined) return
  world.clock.at(next.at, () => {
    if (storage.timeline[0] !== next) return
    storage.timeline.shift()
    storage.state = next.state
    followStorage(world, storage)
  })
}

const scaled = (world: World, seconds: number) => seconds * 1000 * world.timeScale

/** What the strikes make of a way to a state: stuck before it, in error before it, or troubled after it. */
function troubled(steps: ServerStep[], strikes: Strikes, now: number): ServerStep[] {
  const last = steps.at(-1)
  if (last === undefined) return steps
  const stuck = strikeOf(strikes, 'stuckMaintenance')
  if (stuck) {
    const maintenance: ServerStep = { at: now, state: 'maintenance' }
    return stuck.ms === undefined ? [maintenance] : [maintenance, { ...last, at: last.at + stuck.ms }]
  }
  const error = strikeOf(strikes, 'errorState')
  if (error) return [...steps.slice(0, -1), { at: last.at, state: 'error' }, { ...last, at: last.at + (error.ms ?? errorMs) }]
  if (last.state !== 'started') return steps
  const spurious = strikeOf(strikes, 'spuriousMaintenance')
  const maintenanceAt = last.at + (spurious?.afterMs ?? 1000)
  const loss = strikeOf(strikes, 'powerLoss')
  return [
    ...steps,
    ...(spurious ? [{ at: maintenanceAt, state: 'maintenance' as const }, { at: maintenanceAt + spurious.ms, state: 'started' as const }] : []),
    ...(loss ? [{ at: last.at + loss.ms, state: 'stopped' as const, power: 'off' as const }] : []),
  ].toSorted((a, b) => a.at - b.at)
}

function begin(world: World, server: Server, steps: ServerStep[], strikes: Strikes): void {
  server.noBoot = strikeOf(strikes, 'noBoot') !== undefined
  server.timeline = troubled(steps, strikes, world.clock.now())
  follow(world, server)
}

/** A new server is in `maintenance` until its disks are there. */
export function beginCreate(world: World, server: Server, disks: readonly Storage[], strikes: Strikes): void {
  const startedAt = world.clock.now() + scaled(world, pick(world.bootSeconds, world.random))
  for (const disk of disks) {
    disk.timeline = disk.state === 'online' ? [] : [{ at: startedAt, state: 'online' }]
    followStorage(world, disk)
  }
  begin(world, server, [{ at: startedAt, state: 'started', power: 'on' }], strikes)
}

export function beginStart(world: World, server: Server, strikes: Strikes): void {
  begin(world, server, [{ at: world.clock.now() + scaled(world, recordedStart), state: 'started', power: 'on' }], strikes)
}

/** A system that is up obeys the power button; nothing but its timeout ends what has none. */
export function beginStop(world: World, server: Server, { soft, timeoutSeconds }: { soft: boolean; timeoutSeconds: number | null }, strikes: Strikes): void {
  const obeys = !soft || bootImage(world, server) !== null
  if (!obeys && timeoutSeconds === null) return
  const seconds = pick(world.stopSeconds, world.random) + (obeys ? 0 : timeoutSeconds ?? 0)
  begin(world, server, [{ at: world.clock.now() + scaled(world, seconds), state: 'stopped', power: 'off' }], strikes)
}

export function beginRestart(world: World, server: Server, strikes: Strikes): void {
  const now = world.clock.now()
  begin(world, server, [
    { at: now + scaled(world, recordedRestart.untilMaintenance), state: 'maintenance', power: 'off' },
    { at: now + scaled(world, recordedRestart.untilStarted), state: 'started', power: 'on' },
  ], strikes)
}

/** The machine switched itself off, or its power was cut. */
export function powerOff(world: World, server: Server): void {
  server.timeline = []
  server.state = 'stopped'
  switchPower(world, server, 'off')
  world.changed(server)
}

/** What is stuck or in error goes on at once to where it was bound. */
export function heal(world: World, server: Server): void {
  const goal = server.timeline.at(-1) ?? (server.state === 'maintenance' || server.state === 'error' ? { at: 0, state: 'started' as const, power: 'on' as const } : null)
  if (goal === null) return
  server.timeline = [{ ...goal, at: world.clock.now() }]
  follow(world, server)
}

/** No list lags longer. */
const longestLagMs = 3_600_000

function remember(world: World, what: { server: Server | null; storage: Storage | null }): void {
  const now = world.clock.now()
  world.deleted = [...world.deleted.filter(({ at }) => at > now - longestLagMs), { at: now, ...what }]
}

export function deleteStorage(world: World, storage: Storage): void {
  endMeter(world, storage.uuid)
  world.storages.delete(storage.uuid)
  remember(world, { server: null, storage })
}

/** Its disks stay, and are paid for, unless they go too. */
export function deleteServer(world: World, server: Server, withStorages: boolean): void {
  world.machines.end(server.uuid)
  endMeter(world, server.uuid)
  server.timeline = []
  world.servers.delete(server.uuid)
  remember(world, { server, storage: null })
  for (const { storage: uuid } of server.devices) {
    const storage = world.storages.get(uuid)
    if (!storage || storage.owner === null) continue
    if (withStorages) deleteStorage(world, storage)
    else {
      storage.partOfPlan = false
      meterStorage(world, storage, server.uuid)
    }
  }
  for (const address of [...world.addresses.values()].filter(one => one.server === server.uuid)) {
    if (address.floating) {
      address.server = null
      address.mac = ''
      meterAddress(world, address)
      continue
    }
    endMeter(world, address.address)
    world.addresses.delete(address.address)
  }
  for (const group of world.groups.values()) group.servers = group.servers.filter(uuid => uuid !== server.uuid)
  world.changed(server)
}
