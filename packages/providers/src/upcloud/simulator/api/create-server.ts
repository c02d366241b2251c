import { ApiError, conflict, forbidden, invalid, notFound } from '../api-error.js'
import { creditsLeft } from '../bill.js'
import { attributeInvalid, fieldsOf, labels, object, oneOf, requiredText, text, unwrap, wrappedList, yesNo, type Fields } from '../fields.js'
import { strikeOf } from '../faults.js'
import { beginCreate } from '../life.js'
import { meterAddress, meterServer, meterStorage } from '../meters.js'
import { randomInteger, randomText, uuidOf } from '../seeded-random.js'
import type { Account, Address, Interface, Server, Storage, World } from '../world.js'
import { accepted, type Answer, type Call } from './call.js'
import { planDisks, type PlannedDisk } from './create-disks.js'
import { defaultInterfaces, planInterfaces } from './create-interfaces.js'
import { plainAttributes, sizeOf } from './servers.js'
import { serverDetails } from './views.js'

const known = [
  'avoid_host', 'host', 'boot_order', 'core_number', 'firewall', 'hostname', 'labels', 'login_user', 'memory_amount', 'metadata', 'networking', 'nic_model', 'password_delivery', 'plan',
  'server_group', 'simple_backup', 'storage_devices', 'timezone', 'title', 'user_data', 'video_model', 'remote_access_enabled', 'remote_access_type', 'remote_access_password', 'zone', 'ip_addresses',
  'vnc', 'vnc_password',
] as const

const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
const hostnamePattern = /^(?=.{1,128}$)[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?)*$/i

type Size = { plan: string; cores: number; memory: number }

function checkLimits(world: World, account: Account, size: Size, disks: readonly PlannedDisk[]): void {
  const { resourceLimits: limits, creatingLimit } = account
  const servers = [...world.servers.values()].filter(({ owner }) => owner === account.main)
  const sum = (of: (server: Server) => number) => servers.reduce((total, server) => total + of(server), 0)
  if (creditsLeft(world, account.main) <= 0) throw new ApiError(402, 'INSUFFICIENT_CREDITS', 'The account does not have enough credits to perform the operation.')
  if (servers.filter(({ state, bootedBefore }) => state === 'maintenance' && !bootedBefore).length >= creatingLimit) {
    throw forbidden('SERVER_CREATING_LIMIT_REACHED', 'Too many servers are being created at the moment. Try again when they are ready.')
  }
  if (sum(one => one.coreNumber) + size.cores > (limits['cores'] ?? Infinity)) throw forbidden('SERVER_CORE_LIMIT_REACHED', 'The maximum number of cores has been reached.')
  if (sum(one => one.memoryAmount) + size.memory > (limits['memory'] ?? Infinity)) throw forbidden('SERVER_MEMORY_LIMIT_REACHED', 'The maximum amount of memory has been reached.')
  for (const tier of ['maxiops', 'standard', 'hdd']) {
    const used = [...world.storages.values()].filter(one => one.owner === account.main && one.tier === tier).reduce((total, one) => total + one.size, 0)
    const wanted = disks.filter(disk => disk.kind === 'new' && disk.storage.tier === tier).reduce((total, disk) => total + disk.storage.size, 0)
    if (wanted > 0 && used + wanted > (limits[`storage_${tier}`] ?? Infinity)) throw forbidden(`${tier.toUpperCase()}_STORAGE_LIMIT_REACHED`, `The maximum amount of ${tier} storage has been reached.`)
  }
}

function checkAddressLimit(world: World, account: Account, addresses: readonly Address[]): void {
  for (const [family, limit] of [['IPv4', 'public_ipv4'], ['IPv6', 'public_ipv6']] as const) {
    const isPublic = (one: Address) => one.family === family && one.access === 'public'
    const used = [...world.addresses.values()].filter(one => one.owner === account.main && isPublic(one)).length
    const wanted = addresses.filter(isPublic).length
    if (wanted > 0 && used + wanted > (account.resourceLimits[limit] ?? Infinity)) throw forbidden(`PUBLIC_${family.toUpperCase()}_LIMIT_REACHED`, `The maximum number of public ${family} addresses has been reached.`)
  }
}

function checkCapacity({ world, strikes }: Call, zone: string, plan: string): void {
  const full = world.capacity.some(place => {
    const here = (server: { zone: string; plan: string }) => (place.zone === '*' || place.zone === server.zone) && (place.plan === '*' || place.plan === server.plan)
    return here({ zone, plan }) && [...world.servers.values()].filter(here).length >= place.servers
  })
  if (full || strikeOf(strikes, 'noCapacity')) throw conflict('SERVER_RESOURCES_UNAVAILABLE', `There are currently not enough resources in the zone ${zone} to create the server.`)
  if (strikeOf(strikes, 'creatingLimit')) throw forbidden('SERVER_CREATING_LIMIT_REACHED', 'Too many servers are being created at the moment. Try again when they are ready.')
}

function zoneOf(world: World, fields: Fields): string {
  const zone = requiredText(fields, 'zone')
  if (!world.zones.some(({ id }) => id === zone)) throw notFound('zone', zone)
  return zone
}

function hostnameOf(fields: Fields): string {
  const hostname = requiredText(fields, 'hostname', 128)
  if (!hostnamePattern.test(hostname)) throw attributeInvalid('hostname')
  return hostname
}

/** cloud-init images need the metadata service, and let nobody in by password. */
function checkImage(fields: Fields, disks: readonly PlannedDisk[]): { password: boolean; username: string } {
  const login = object(fields, 'login_user') ?? {}
  const cloned = disks.flatMap(disk => (disk.kind === 'new' && disk.storage.image ? [disk.storage.image] : []))
  if (cloned.length > 1) throw conflict('MULTIPLE_TEMPLATES', 'Only one storage can be cloned from a template.')
  const cloudInit = cloned.some(({ templateType }) => templateType === 'cloud-init')
  const createPassword = yesNo(login, 'create_password') ?? (cloudInit ? 'no' : 'yes')
  const keys = wrappedList(login, 'ssh_keys', 'ssh_key') ?? []
  if (!keys.every(key => typeof key === 'string' && /^(ssh-|ecdsa-|sk-)\S+ \S+/.test(key))) throw invalid('SSH_KEYS_INVALID', 'One of the SSH keys is invalid.')
  oneOf(fields, 'password_delivery', ['none', 'email', 'sms'])
  if (cloudInit && (yesNo(fields, 'metadata') ?? 'no') === 'no') throw conflict('METADATA_DISABLED_ON_CLOUD-INIT', 'Metadata must be enabled when cloning a cloud-init template.')
  if (cloudInit && createPassword === 'yes') throw conflict('CAN_NOT_CREATE_PASSWORD_FOR_THE_SELECTED_DISTRIBUTION', 'A password cannot be created for the selected distribution. Use SSH keys.')
  return { password: cloned.length > 0 && createPassword === 'yes', username: text(login, 'username') ?? 'root' }
}

function groupOf({ world, account }: Call, fields: Fields, server: string): string | null {
  const uuid = text(fields, 'server_group')
  if (uuid === undefined || uuid === '') return null
  const group = world.groups.get(uuid)
  if (!group || group.owner !== account.main) throw notFound('group', uuid)
  group.servers.push(server)
  return uuid
}

function newServer(call: Call, fields: Fields, { size, zone, interfaces }: { size: Size; zone: string; interfaces: Interface[] }): Server {
  const { world, account } = call
  const uuid = uuidOf('server', world.random)
  return {
    uuid, owner: account.main, creator: account.username, title: requiredText(fields, 'title'), hostname: hostnameOf(fields), zone,
    plan: size.plan, coreNumber: size.cores, memoryAmount: size.memory, created: world.clock.now(), state: 'maintenance', timeline: [],
    labels: labels(fields, 'wrapped') ?? [], tags: [],
    plain: {
      boot_order: 'disk', firewall: 'off', metadata: 'no', nic_model: 'virtio', remote_access_enabled: 'no', remote_access_password: randomText(8, letters, world.random),
      remote_access_type: 'vnc', simple_backup: 'no', timezone: 'UTC', video_model: 'vga', ...plainAttributes(fields),
    },
    host: randomInteger(4_000_000_000, 8_000_000_000, world.random), serverGroup: groupOf(call, fields, uuid), interfaces, devices: [], userData: text(fields, 'user_data') ?? '',
    bootedBefore: false, firewallRules: [], on: true, noBoot: false,
  }
}

function attachDisks(server: Server, disks: readonly PlannedDisk[]): Storage[] {
  server.devices = disks.map(({ storage, address, type }) => ({ address, storage: storage.uuid, type, bootDisk: false }))
  return disks.flatMap(disk => (disk.kind === 'new' ? [disk.storage] : []))
}

/** `ip_addresses` is how it was said before there were interfaces. */
function wantedInterfaces(fields: Fields): Fields[] {
  const networking = object(fields, 'networking')
  if (networking) return (wrappedList(networking, 'interfaces', 'interface') ?? []).map(one => fieldsOf(one, 'interface'))
  const addresses = wrappedList(fields, 'ip_addresses', 'ip_address')?.map(one => fieldsOf(one, 'ip_address'))
  return addresses?.map(({ access = 'public', ...address }) => ({ type: access === 'private' ? 'utility' : access, ip_addresses: { ip_address: [address] } })) ?? defaultInterfaces
}

export function createServer(call: Call): Answer {
  const { world, account, strikes } = call
  const fields = unwrap(call.body, 'server', known)
  requiredText(fields, 'title')
  hostnameOf(fields)
  const zone = zoneOf(world, fields)
  const size = sizeOf(world, fields, { plan: 'custom', cores: 1, memory: 1024 })
  const disks = planDisks(call, fields, { zone, plan: world.plans.find(({ name }) => name === size.plan) ?? null })
  const login = checkImage(fields, disks)
  labels(fields, 'wrapped')
  plainAttributes(fields)
  const { interfaces, addresses } = planInterfaces(call, wantedInterfaces(fields), { zone, includesAddress: size.plan !== 'custom' && !size.plan.startsWith('CLOUDNATIVE-') })
  checkLimits(world, account, size, disks)
  checkAddressLimit(world, account, addresses)
  checkCapacity(call, zone, size.plan)

  const server = newServer(call, fields, { size, zone, interfaces })
  const fresh = attachDisks(server, disks)
  world.servers.set(server.uuid, server)
  meterServer(world, server)
  for (const disk of fresh) {
    world.storages.set(disk.uuid, disk)
    meterStorage(world, disk, server.uuid)
  }
  for (const address of addresses) {
    address.server = server.uuid
    world.addresses.set(address.address, address)
    meterAddress(world, address)
  }
  beginCreate(world, server, fresh, strikes)
  world.changed(server)
  const { host: _notYetPlaced, ...details } = serverDetails(world, server)
  return accepted({ server: { ...details, progress: '0', username: login.username, ...(login.password ? { password: randomText(16, letters, world.random) } : {}) } })
}
