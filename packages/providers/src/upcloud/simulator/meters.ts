import { isPaidOnlyWhileOn } from './catalogue/plans.js'
import type { Address, Meter, Server, Storage, World } from './world.js'

type Metered = Omit<Meter, 'from' | 'to'>

function start(world: World, meter: Metered): void {
  world.meters.push({ ...meter, from: world.clock.now(), to: null })
}

/** Ends what is being paid for a resource: it is gone, or costs something else from now on. */
export function endMeter(world: World, resource: string): void {
  for (const meter of world.meters) if (meter.resource === resource && meter.to === null) meter.to = world.clock.now()
}

export function meterServer(world: World, server: Server): void {
  endMeter(world, server.uuid)
  if (!server.on && isPaidOnlyWhileOn(server.plan)) return
  const items: { [item: string]: number } = server.plan === 'custom' ? { server_core: server.coreNumber, server_memory: server.memoryAmount } : { [`server_plan_${server.plan}`]: 1 }
  start(world, { resource: server.uuid, kind: 'server', owner: server.owner, title: server.title, labels: server.labels, server: server.uuid, zone: server.zone, items })
}

/** `server`: to which it is attached; null keeps the last one, so that a forgotten disk can still be told whose it was. */
export function meterStorage(world: World, storage: Storage, server: string | null): void {
  const last = world.meters.findLast(meter => meter.resource === storage.uuid)
  endMeter(world, storage.uuid)
  if (storage.partOfPlan || storage.owner === null || storage.zone === null) return
  const item = storage.type === 'backup' ? 'storage_backup' : storage.type === 'template' ? 'storage_template' : `storage_${storage.tier ?? 'maxiops'}`
  start(world, {
    resource: storage.uuid, kind: 'storage', owner: storage.owner, title: storage.title, labels: storage.labels, server: server ?? last?.server ?? null, zone: storage.zone, items: { [item]: storage.size },
  })
}

export function meterAddress(world: World, address: Address): void {
  endMeter(world, address.address)
  if (address.partOfPlan || address.access !== 'public') return
  start(world, {
    resource: address.address, kind: 'address', owner: address.owner, title: address.address, labels: [], server: address.server, zone: address.zone,
    items: { [address.family === 'IPv4' ? 'ipv4_address' : 'ipv6_address']: 1 },
  })
}
