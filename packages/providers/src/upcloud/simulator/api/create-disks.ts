import { conflict, invalid } from '../api-error.js'
import type { Plan } from '../catalogue/plans.js'
import { attributeMissing, fieldsOf, integer, labels, onlyKnown, oneOf, requiredText, text, wrappedList, yesNo, type Fields } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { Storage, World } from '../world.js'
import { storageFor } from './access.js'
import type { Call } from './call.js'
import { serversOfStorage } from './views.js'

export type PlannedDisk = { kind: 'new' | 'attached'; storage: Storage; address: string; type: 'disk' | 'cdrom' }

const known = ['action', 'address', 'encrypted', 'storage', 'title', 'size', 'tier', 'type', 'backup_rule', 'boot_disk', 'labels']
const mostDisks = 16
export const largestDisk = 4096
export const tiers = ['maxiops', 'standard', 'hdd'] as const

/** An address such as virtio:0 for a device that names only its bus, or nothing. */
export function freeAddress(wanted: string | undefined, taken: readonly string[]): string {
  const bus = wanted ?? 'virtio'
  if (/^(virtio:\d+|(ide|scsi):\d+:\d+)$/.test(bus)) {
    if (taken.includes(bus)) throw conflict('DEVICE_ADDRESS_IN_USE', `The device address ${bus} is already in use.`)
    return bus
  }
  if (!['virtio', 'ide', 'scsi'].includes(bus)) throw invalid('ADDRESS_INVALID', `The device address '${bus}' is invalid.`)
  const candidates = Array.from({ length: mostDisks }, (_, index) => (bus === 'virtio' ? `virtio:${index}` : `${bus}:${Math.floor(index / 2)}:${index % 2}`))
  const free = candidates.find(one => !taken.includes(one))
  if (free === undefined) throw conflict('STORAGE_DEVICE_LIMIT_REACHED', 'The server has no room for another storage device.')
  return free
}

export function newStorage(world: World, about: Pick<Storage, 'owner' | 'creator' | 'title' | 'size' | 'tier' | 'zone'> & Partial<Storage>): Storage {
  return {
    uuid: uuidOf('storage', world.random), type: 'normal', created: world.clock.now(), state: 'online', timeline: [], labels: [], encrypted: 'no', license: 0, origin: null, backupRule: null,
    image: null, partOfPlan: false, imported: null, ...about,
  }
}

type Place = { zone: string; plan: Plan | null }

function attached({ world, account }: Call, fields: Fields, { zone }: Place): Storage {
  const storage = storageFor(world, account, requiredText(fields, 'storage'))
  const type = oneOf(fields, 'type', ['disk', 'cdrom']) ?? 'disk'
  if (storage.owner === null && type !== 'cdrom') throw conflict('PUBLIC_STORAGE_ATTACH', `The public storage ${storage.uuid} cannot be attached. Clone it.`)
  if (storage.zone !== null && storage.zone !== zone) throw conflict('ZONE_MISMATCH', `The storage ${storage.uuid} is in the zone ${storage.zone}, the server in ${zone}.`)
  if (serversOfStorage(world, storage.uuid).length > 0 && type === 'disk') throw conflict('STORAGE_ATTACHED', `The storage ${storage.uuid} is already attached to a server.`)
  if (storage.state !== 'online') throw conflict('STORAGE_STATE_ILLEGAL', `The operation is not allowed while the storage ${storage.uuid} is in state '${storage.state}'.`)
  return storage
}

function fresh(call: Call, fields: Fields, { zone, plan }: Place): Storage {
  const { world, account } = call
  const source = fields['action'] === 'clone' ? storageFor(world, account, requiredText(fields, 'storage')) : null
  if (source && source.zone !== null && source.zone !== zone && source.type !== 'template') throw conflict('ZONE_MISMATCH', `The storage ${source.uuid} is in the zone ${source.zone}, the server in ${zone}.`)
  if (source && source.state !== 'online') throw conflict('STORAGE_STATE_ILLEGAL', `The operation is not allowed while the storage ${source.uuid} is in state '${source.state}'.`)
  const size = integer(fields, 'size', { min: 1, max: largestDisk }) ?? source?.size
  if (size === undefined) throw attributeMissing('size')
  if (source && size < source.size) throw invalid('SIZE_INVALID', `The size ${size} GiB is smaller than the ${source.size} GiB of the storage ${source.uuid}.`)
  const tier = oneOf(fields, 'tier', tiers) ?? plan?.storage_tier ?? 'hdd'
  return newStorage(world, {
    owner: account.main, creator: account.username, title: source ? text(fields, 'title') ?? source.title : requiredText(fields, 'title'), size, tier, zone,
    encrypted: yesNo(fields, 'encrypted') ?? 'no', image: source?.image ?? null, license: source?.license ?? 0,
    state: source ? 'maintenance' : 'online',
    labels: labels(fields, 'bare') ?? [],
  })
}

/** What a new server's storage_devices ask for; nothing is made yet. The first disk may be part of the plan. */
export function planDisks(call: Call, fields: Fields, place: Place): PlannedDisk[] {
  const wanted = wrappedList(fields, 'storage_devices', 'storage_device')
  if (!wanted) throw attributeMissing('storage_devices')
  if (wanted.length === 0) throw invalid('STORAGE_DEVICE_MISSING', 'At least one storage device is required.')
  const disks: PlannedDisk[] = []
  for (const item of wanted) {
    const device = onlyKnown(fieldsOf(item, 'storage_device'), known)
    const action = oneOf(device, 'action', ['create', 'clone', 'attach'])
    if (action === undefined) throw attributeMissing('action')
    const storage = action === 'attach' ? attached(call, device, place) : fresh(call, device, place)
    const first = disks.length === 0 && action !== 'attach'
    storage.partOfPlan ||= first && place.plan !== null && storage.tier === place.plan.storage_tier && storage.size <= place.plan.storage_size
    disks.push({ kind: action === 'attach' ? 'attached' : 'new', storage, address: freeAddress(text(device, 'address'), disks.map(({ address }) => address)), type: oneOf(device, 'type', ['disk', 'cdrom']) ?? 'disk' })
  }
  return disks
}
