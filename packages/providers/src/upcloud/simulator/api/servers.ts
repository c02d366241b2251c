import { conflict, invalid, notFound } from '../api-error.js'
import { isServerSize } from './catalogue.js'
import { fieldsOf, integer, labels, meetsLabels, oneOf, onlyKnown, requiredText, text, unwrap, yesNo, type Fields } from '../fields.js'
import { strikeOf } from '../faults.js'
import { beginRestart, beginStart, beginStop, deleteServer, deleteStorage } from '../life.js'
import { meterServer, meterStorage } from '../meters.js'
import type { Server, World } from '../world.js'
import { mayUseServer, serverFor } from './access.js'
import { accepted, noContent, ok, page, param, type Answer, type Call } from './call.js'
import { serverDetails, serverListItem } from './views.js'

/** /server/tag/a,b: one of them; a:b: all of them. */
function hasTags(server: Server, wanted: string | undefined): boolean {
  if (wanted === undefined) return true
  if (wanted.includes(':')) return wanted.split(':').every(tag => server.tags.includes(tag))
  return wanted.split(',').some(tag => server.tags.includes(tag))
}

export function listServers({ world, account, query, strikes, params }: Call): Answer {
  const lag = strikeOf(strikes, 'listLag')
  const since = world.clock.now() - (lag?.ms ?? 0)
  const now = [...world.servers.values()].filter(({ created }) => !lag || created <= since)
  const gone = lag ? world.deleted.flatMap(({ at, server }) => (server && at > since && server.created <= since ? [server] : [])) : []
  const shown = [...now, ...gone].filter(server => mayUseServer(account, server) && hasTags(server, params['tags']) && meetsLabels(server.labels, query.getAll('label')))
  const { items, total } = page(shown.toSorted((a, b) => a.title.localeCompare(b.title) || a.created - b.created), query)
  return { ...ok({ servers: { server: items.map(serverListItem) } }), total }
}

const server = (call: Call): Server => serverFor(call.world, call.account, param(call, 'uuid'))

export const getServer = (call: Call): Answer => ok({ server: serverDetails(call.world, server(call)) })

function requireState({ uuid, state }: Server, allowed: Server['state']): void {
  if (state !== allowed) throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${uuid} is in state '${state}'.`)
}

export function startServer(call: Call): Answer {
  const one = server(call)
  if (call.body !== undefined) unwrap(call.body, 'server', ['avoid_host', 'host', 'start_type'])
  requireState(one, 'stopped')
  beginStart(call.world, one, call.strikes)
  const answer = ok({ server: { ...serverDetails(call.world, one), host: one.host, state: 'started' } })
  return answer
}

export function stopServer(call: Call): Answer {
  const one = server(call)
  const fields = call.body === undefined ? {} : unwrap(call.body, 'stop_server', ['stop_type', 'timeout'])
  const soft = (oneOf(fields, 'stop_type', ['soft', 'hard']) ?? 'soft') === 'soft'
  const timeoutSeconds = integer(fields, 'timeout', { min: 0 }) ?? null
  requireState(one, 'started')
  beginStop(call.world, one, { soft, timeoutSeconds }, call.strikes)
  return ok({ server: serverDetails(call.world, one) })
}

export function restartServer(call: Call): Answer {
  const one = server(call)
  const fields = unwrap(call.body, 'restart_server', ['stop_type', 'timeout', 'timeout_action', 'host', 'avoid_host'])
  oneOf(fields, 'stop_type', ['soft', 'hard'])
  integer(fields, 'timeout', { min: 0 })
  oneOf(fields, 'timeout_action', ['ignore', 'destroy'])
  requireState(one, 'started')
  beginRestart(call.world, one, call.strikes)
  return ok({ server: serverDetails(call.world, one) })
}

export function removeServer(call: Call): Answer {
  const { world, query } = call
  const one = server(call)
  requireState(one, 'stopped')
  const backups = query.get('backups') ?? 'keep'
  if (!['keep', 'keep_latest', 'delete'].includes(backups)) throw invalid('BACKUP_DELETION_POLICY_INVALID', `There is no policy '${backups}' for backups.`)
  const withStorages = ['1', 'true', 'yes'].includes(query.get('storages') ?? '')
  const disks = one.devices.map(({ storage }) => storage)
  deleteServer(world, one, withStorages)
  if (withStorages) removeBackups(world, disks, backups)
  world.machines.forget(one.uuid)
  return noContent
}

/** `disks`: whose. keep_latest keeps the newest of each. */
export function removeBackups(world: World, disks: readonly string[], policy: string): void {
  if (policy === 'keep') return
  for (const disk of disks) {
    const backups = [...world.storages.values()].filter(({ origin, type }) => type === 'backup' && origin === disk).toSorted((a, b) => (b.created ?? 0) - (a.created ?? 0))
    for (const backup of policy === 'keep_latest' ? backups.slice(1) : backups) deleteStorage(world, backup)
  }
}

const modifiable = [
  'boot_order', 'core_number', 'firewall', 'hostname', 'labels', 'memory_amount', 'metadata', 'nic_model', 'plan', 'simple_backup', 'timezone', 'title', 'video_model',
  'remote_access_enabled', 'remote_access_type', 'remote_access_password', 'zone', 'user_data',
] as const

export const plainAttributes = (fields: Fields): { [field: string]: string } => {
  const values: { [field: string]: string | undefined } = {
    boot_order: text(fields, 'boot_order'),
    firewall: oneOf(fields, 'firewall', ['on', 'off']),
    metadata: yesNo(fields, 'metadata'),
    nic_model: oneOf(fields, 'nic_model', ['virtio', 'e1000', 'rtl8139']),
    remote_access_enabled: yesNo(fields, 'remote_access_enabled'),
    remote_access_password: text(fields, 'remote_access_password'),
    remote_access_type: oneOf(fields, 'remote_access_type', ['vnc', 'spice']),
    simple_backup: text(fields, 'simple_backup'),
    timezone: text(fields, 'timezone'),
    video_model: oneOf(fields, 'video_model', ['vga', 'cirrus']),
  }
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])))
}

/** Plan, cores and memory as they would be; throws ApiError when they do not go together. */
export function sizeOf(world: World, fields: Fields, before: { plan: string; cores: number; memory: number }): { plan: string; cores: number; memory: number } {
  const given = { plan: text(fields, 'plan'), cores: integer(fields, 'core_number', { min: 1 }), memory: integer(fields, 'memory_amount', { min: 1 }) }
  const name = given.plan ?? (given.cores === undefined && given.memory === undefined ? before.plan : 'custom')
  if (name === 'custom') {
    const size = { plan: name, cores: given.cores ?? before.cores, memory: given.memory ?? before.memory }
    if (!isServerSize(size.cores, size.memory)) throw invalid('CORE_MEMORY_UNSUPPORTED', `The combination of ${size.cores} cores and ${size.memory} MiB of memory is not supported.`)
    return size
  }
  const plan = world.plans.find(one => one.name === name)
  if (!plan) throw invalid('PLAN_INVALID', `The plan '${name}' does not exist.`)
  if (given.cores !== undefined && given.cores !== plan.core_number) throw invalid('PLAN_CORE_NUMBER_ILLEGAL', `The plan ${name} has ${plan.core_number} cores.`)
  if (given.memory !== undefined && given.memory !== plan.memory_amount) throw invalid('PLAN_MEMORY_AMOUNT_ILLEGAL', `The plan ${name} has ${plan.memory_amount} MiB of memory.`)
  return { plan: name, cores: plan.core_number, memory: plan.memory_amount }
}

export function modifyServer(call: Call): Answer {
  const { world } = call
  const one = server(call)
  const fields = unwrap(call.body, 'server', modifiable)
  if (one.state === 'maintenance' || one.state === 'error') requireState(one, 'started')
  const before = { plan: one.plan, cores: one.coreNumber, memory: one.memoryAmount }
  const size = sizeOf(world, fields, before)
  const resized = size.plan !== before.plan || size.cores !== before.cores || size.memory !== before.memory
  if (resized) requireState(one, 'stopped')
  if (fields['title'] !== undefined) one.title = requiredText(fields, 'title')
  if (fields['hostname'] !== undefined) one.hostname = requiredText(fields, 'hostname', 128)
  one.labels = labels(fields, 'wrapped') ?? one.labels
  Object.assign(one.plain, plainAttributes(fields))
  one.plan = size.plan
  one.coreNumber = size.cores
  one.memoryAmount = size.memory
  if (resized) meterServer(world, one)
  return accepted({ server: serverDetails(world, one) })
}

/** To another zone, with its disks; it keeps its addresses. */
export function relocateServer(call: Call): Answer {
  const { world } = call
  const one = server(call)
  const zone = requiredText(onlyKnown(fieldsOf(call.body ?? {}, 'server'), ['zone']), 'zone')
  if (!world.zones.some(({ id }) => id === zone)) throw notFound('zone', zone)
  requireState(one, 'stopped')
  one.zone = zone
  meterServer(world, one)
  for (const { storage: uuid } of one.devices) {
    const disk = world.storages.get(uuid)
    if (!disk || disk.owner === null) continue
    disk.zone = zone
    meterStorage(world, disk, one.uuid)
  }
  return ok({ server: serverDetails(world, one) })
}

export function tagServer(call: Call): Answer {
  const one = server(call)
  const name = param(call, 'tags')
  one.tags = [...new Set([...one.tags, ...name.split(',')])]
  return ok({ server: serverDetails(call.world, one) })
}

export function untagServer(call: Call): Answer {
  const one = server(call)
  const names = param(call, 'tags').split(',')
  one.tags = one.tags.filter(tag => !names.includes(tag))
  return ok({ server: serverDetails(call.world, one) })
}

