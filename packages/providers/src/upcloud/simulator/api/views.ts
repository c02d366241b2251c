import type { Json } from '@yardmaster/domain'
import type { Address, Label, Network, Server, Storage, World } from '../world.js'

type JsonObject = { [key: string]: Json }

const labelList = (labels: readonly Label[]): JsonObject[] => labels.map(({ key, value }) => ({ key, value }))

/** What both the list and the details have. */
function serverSummary(server: Server): JsonObject {
  return {
    core_number: String(server.coreNumber),
    created: Math.floor(server.created / 1000),
    ...(server.on && server.host > 0 ? { host: server.host } : {}),
    hostname: server.hostname,
    labels: { label: labelList(server.labels) },
    license: 0,
    memory_amount: String(server.memoryAmount),
    plan: server.plan,
    plan_ipv4_bytes: '0',
    plan_ipv6_bytes: '0',
    server_group: server.serverGroup,
    simple_backup: server.plain['simple_backup'] ?? 'no',
    state: server.state,
    tags: { tag: server.tags },
    title: server.title,
    uuid: server.uuid,
    zone: server.zone,
  }
}

export const serverListItem = (server: Server): JsonObject => serverSummary(server)

export function interfaceView(world: World, server: Server, index: number): JsonObject {
  const found = server.interfaces.find(one => one.index === index)
  if (!found) return {}
  return {
    bootable: found.bootable,
    index: found.index,
    ip_addresses: { ip_address: found.addresses.flatMap(text => {
      const address = world.addresses.get(text)
      return address ? [{ address: address.address, dhcp_provided: 'yes', family: address.family, floating: address.floating ? 'yes' : 'no' }] : []
    }) },
    mac: found.mac,
    network: found.network,
    source_ip_filtering: found.sourceIpFiltering,
    type: found.type,
  }
}

export const interfaceViews = (world: World, server: Server): JsonObject[] => server.interfaces.map(({ index }) => interfaceView(world, server, index))

function deviceViews(world: World, server: Server): JsonObject[] {
  return server.devices.flatMap(({ address, storage: uuid, type, bootDisk }): JsonObject[] => {
    const storage = world.storages.get(uuid)
    // A CD-ROM drive may be empty.
    if (!storage) return type === 'cdrom' ? [{ address, boot_disk: '0', storage: '', storage_size: 0, storage_title: '', type }] : []
    return [{
      address,
      boot_disk: bootDisk ? '1' : '0',
      labels: labelList(storage.labels),
      part_of_plan: storage.partOfPlan ? 'yes' : 'no',
      storage: uuid,
      storage_encrypted: storage.encrypted,
      storage_size: storage.size,
      ...(storage.tier === null ? {} : { storage_tier: storage.tier }),
      storage_title: storage.title,
      type,
    }]
  })
}

/** Addresses of private networks are not in the flat list. */
function flatAddresses(world: World, server: Server): JsonObject[] {
  return [...world.addresses.values()].filter(address => address.server === server.uuid && address.access !== 'private').map(({ access, address, family, partOfPlan }) =>
    ({ access, address, family, ...(partOfPlan ? { part_of_plan: 'yes' } : {}) }))
}

export function serverDetails(world: World, server: Server): JsonObject {
  return {
    ...serverSummary(server),
    ...server.plain,
    devices: { device: [] },
    ip_addresses: { ip_address: flatAddresses(world, server) },
    networking: { interfaces: { interface: interfaceViews(world, server) } },
    storage_devices: { storage_device: deviceViews(world, server) },
  }
}

const isoTime = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`

export function storageListItem(storage: Storage): JsonObject {
  return {
    access: storage.owner === null ? 'public' : 'private',
    ...(storage.created === null ? {} : { created: isoTime(storage.created) }),
    encrypted: storage.encrypted,
    labels: labelList(storage.labels),
    license: storage.license,
    ...(storage.origin === null ? {} : { origin: storage.origin }),
    ...(storage.partOfPlan ? { part_of_plan: 'yes' } : {}),
    size: storage.size,
    state: storage.state,
    ...(storage.type === 'template' && storage.image ? { template_type: storage.image.templateType } : {}),
    ...(storage.tier === null ? {} : { tier: storage.tier }),
    title: storage.title,
    type: storage.type,
    uuid: storage.uuid,
    ...(storage.zone === null ? {} : { zone: storage.zone }),
  }
}

export const serversOfStorage = (world: World, uuid: string): string[] =>
  [...world.servers.values()].filter(server => server.devices.some(({ storage }) => storage === uuid)).map(server => server.uuid)

export function storageDetails(world: World, storage: Storage): JsonObject {
  const isDisk = storage.type === 'normal'
  return {
    ...storageListItem(storage),
    ...(isDisk ? { backup_rule: storage.backupRule ?? {}, backups: { backup: [...world.storages.values()].filter(({ origin, type }) => type === 'backup' && origin === storage.uuid).map(({ uuid }) => uuid) } } : {}),
    ...(storage.state === 'maintenance' && isDisk ? { progress: '0' } : {}),
    servers: { server: serversOfStorage(world, storage.uuid) },
  }
}

export const addressView = ({ access, address, family, mac, ptrRecord, server, zone, partOfPlan, floating }: Address): JsonObject => ({
  access, address, family, floating: floating ? 'yes' : 'no', ...(mac === '' ? {} : { mac }), part_of_plan: partOfPlan ? 'yes' : 'no', ptr_record: ptrRecord, ...(server === null ? {} : { server }), zone,
})

export function networkView(world: World, network: Network): JsonObject {
  const servers = [...world.servers.values()].filter(server => server.interfaces.some(one => one.network === network.uuid))
  return {
    ip_networks: { ip_network: network.ipNetworks },
    labels: labelList(network.labels),
    name: network.name,
    ...(network.router === null ? {} : { router: network.router }),
    ...(servers.length === 0 ? {} : { servers: { server: servers.map(({ uuid, title }) => ({ uuid, title })) } }),
    type: network.type,
    uuid: network.uuid,
    zone: network.zone,
  }
}

export { isoTime, labelList }
