import { conflict, invalid } from '../api-error.js'
import { recordedBackup, recordedCopy } from '../catalogue/recorded-times.js'
import { strikeOf } from '../faults.js'
import { attributeMissing, integer, labels, meetsLabels, object, oneOf, requiredText, unwrap, yesNo, type Fields } from '../fields.js'
import { deleteStorage, followStorage } from '../life.js'
import { meterStorage } from '../meters.js'
import type { Storage, World } from '../world.js'
import { mayUseStorage, storageFor } from './access.js'
import { accepted, created, noContent, ok, page, param, type Answer, type Call } from './call.js'
import { largestDisk, newStorage, tiers } from './create-disks.js'
import { removeBackups } from './servers.js'
import { serversOfStorage, storageDetails, storageListItem } from './views.js'

/** /storage/SEGMENT: only one segment can be asked for. */
const segments: { [segment: string]: (storage: Storage) => boolean } = {
  public: ({ owner }) => owner === null,
  private: ({ owner }) => owner !== null,
  normal: ({ type }) => type === 'normal',
  backup: ({ type }) => type === 'backup',
  cdrom: ({ type }) => type === 'cdrom',
  template: ({ type }) => type === 'template',
  favorite: () => false,
}

export const isStorageSegment = (segment: string) => Object.hasOwn(segments, segment)

export function listStorages({ world, account, query, strikes, params }: Call): Answer {
  const inSegment = segments[params['segment'] ?? ''] ?? (() => true)
  const lag = strikeOf(strikes, 'listLag')
  const since = world.clock.now() - (lag?.ms ?? 0)
  const wasThere = ({ created: at }: Storage) => at === null || at <= since
  const now = [...world.storages.values()].filter(storage => !lag || wasThere(storage))
  const gone = lag ? world.deleted.flatMap(({ at, storage }) => (storage && at > since && wasThere(storage) ? [storage] : [])) : []
  const shown = [...now, ...gone].filter(storage => inSegment(storage) && mayUseStorage(world, account, storage) && (storage.owner === null || storage.owner === account.main)
    && meetsLabels(storage.labels, query.getAll('label')))
  const { items, total } = page(shown.toSorted((a, b) => a.title.localeCompare(b.title)), query)
  return { ...ok({ storages: { storage: items.map(storageListItem) } }), total }
}

const storage = (call: Call): Storage => storageFor(call.world, call.account, param(call, 'uuid'))

function ownStorage(call: Call): Storage {
  const one = storage(call)
  if (one.owner === null) throw conflict('STORAGE_TYPE_ILLEGAL', `The public storage ${one.uuid} cannot be changed.`)
  return one
}

function requireOnline({ uuid, state }: Storage): void {
  if (state !== 'online') throw conflict('STORAGE_STATE_ILLEGAL', `The operation is not allowed while the storage ${uuid} is in state '${state}'.`)
}

export const getStorage = (call: Call): Answer => ok({ storage: storageDetails(call.world, storage(call)) })

function backupRule(fields: Fields): Storage['backupRule'] {
  const rule = object(fields, 'backup_rule')
  if (!rule || Object.keys(rule).length === 0) return null
  return { interval: requiredText(rule, 'interval'), retention: String(integer(rule, 'retention', { min: 1, max: 1095 }) ?? 1), time: requiredText(rule, 'time') }
}

export function createStorage(call: Call): Answer {
  const { world, account } = call
  const fields = unwrap(call.body, 'storage', ['size', 'tier', 'title', 'zone', 'backup_rule', 'labels', 'encrypted'])
  const zone = requiredText(fields, 'zone')
  if (!world.zones.some(({ id }) => id === zone)) throw invalid('ZONE_NOT_FOUND', `The zone ${zone} does not exist.`)
  const size = integer(fields, 'size', { min: 1, max: largestDisk })
  if (size === undefined) throw attributeMissing('size')
  const one = newStorage(world, {
    owner: account.main, creator: account.username, title: requiredText(fields, 'title'), size, tier: oneOf(fields, 'tier', tiers) ?? 'hdd', zone,
    labels: labels(fields, 'bare') ?? [], encrypted: yesNo(fields, 'encrypted') ?? 'no', backupRule: backupRule(fields),
  })
  world.storages.set(one.uuid, one)
  meterStorage(world, one, null)
  return created({ storage: storageDetails(world, one) })
}

export function modifyStorage(call: Call): Answer {
  const one = ownStorage(call)
  const fields = unwrap(call.body, 'storage', ['title', 'size', 'backup_rule', 'labels', 'tier'])
  requireOnline(one)
  const size = integer(fields, 'size', { min: one.size, max: largestDisk })
  if (fields['title'] !== undefined) one.title = requiredText(fields, 'title')
  if (fields['backup_rule'] !== undefined) one.backupRule = backupRule(fields)
  one.labels = labels(fields, 'bare') ?? one.labels
  if (size !== undefined && size !== one.size) {
    one.size = size
    meterStorage(call.world, one, serversOfStorage(call.world, one.uuid)[0] ?? null)
  }
  return accepted({ storage: storageDetails(call.world, one) })
}

export function removeStorage(call: Call): Answer {
  const { world, query } = call
  const one = ownStorage(call)
  if (serversOfStorage(world, one.uuid).length > 0) throw conflict('STORAGE_ATTACHED', `The storage ${one.uuid} is attached to a server.`)
  if (one.state === 'maintenance' || one.state === 'cloning' || one.state === 'backuping') requireOnline(one)
  deleteStorage(world, one)
  removeBackups(world, [one.uuid], query.get('backups') ?? 'keep')
  return noContent
}

/** A new storage made of another one: not usable before it is copied. */
function copy(world: World, one: Storage, seconds: number): Storage {
  one.state = 'maintenance'
  one.timeline = [{ at: world.clock.now() + seconds * 1000 * world.timeScale, state: 'online' }]
  world.storages.set(one.uuid, one)
  followStorage(world, one)
  meterStorage(world, one, null)
  return one
}

export function cloneStorage(call: Call): Answer {
  const { world, account } = call
  const source = storage(call)
  const fields = unwrap(call.body, 'storage', ['zone', 'tier', 'title', 'encrypted', 'labels'])
  requireOnline(source)
  const one = copy(world, newStorage(world, {
    owner: account.main, creator: account.username, title: requiredText(fields, 'title'), size: source.size, tier: oneOf(fields, 'tier', tiers) ?? source.tier ?? 'hdd',
    zone: requiredText(fields, 'zone'), image: source.image, encrypted: yesNo(fields, 'encrypted') ?? source.encrypted, labels: labels(fields, 'bare') ?? [],
  }), recordedCopy)
  return created({ storage: storageDetails(world, one) })
}

export function templatizeStorage(call: Call): Answer {
  const { world, account } = call
  const source = ownStorage(call)
  const fields = unwrap(call.body, 'storage', ['title', 'labels'])
  requireOnline(source)
  const attachedTo = serversOfStorage(world, source.uuid).map(uuid => world.servers.get(uuid)).find(server => server?.state !== 'stopped')
  if (attachedTo) throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${attachedTo.uuid} is in state '${attachedTo.state}'.`)
  const system = source.image === null ? [] : [{ key: '_os_type', value: source.image.title }, { key: '_templated_from', value: source.uuid }]
  const one = copy(world, newStorage(world, {
    owner: account.main, creator: account.username, title: requiredText(fields, 'title'), type: 'template', size: source.size, tier: source.tier, zone: source.zone,
    image: source.image ?? { templateType: 'native', title: source.title }, labels: [...labels(fields, 'bare') ?? [], ...system], encrypted: source.encrypted,
  }), recordedCopy)
  return created({ storage: storageDetails(world, one) })
}

export function backupStorage(call: Call): Answer {
  const { world, account } = call
  const source = ownStorage(call)
  const fields = unwrap(call.body, 'storage', ['title'])
  requireOnline(source)
  const one = copy(world, newStorage(world, {
    owner: account.main, creator: account.username, title: requiredText(fields, 'title'), type: 'backup', size: source.size, tier: null, zone: source.zone, origin: source.uuid, image: source.image,
  }), recordedBackup)
  return created({ storage: storageDetails(world, one) })
}

/** A backup is taken before a file system is resized. */
export function resizeFilesystem(call: Call): Answer {
  const { world, account } = call
  const source = ownStorage(call)
  requireOnline(source)
  const backup = newStorage(world, { owner: account.main, creator: account.username, title: 'Resize Backup', type: 'backup', size: source.size, tier: null, zone: source.zone, origin: source.uuid, image: source.image })
  world.storages.set(backup.uuid, backup)
  meterStorage(world, backup, null)
  return ok({ resize_backup: storageDetails(world, backup) })
}

export function restoreBackup(call: Call): Answer {
  const backup = ownStorage(call)
  if (backup.type !== 'backup') throw conflict('STORAGE_TYPE_ILLEGAL', `The storage ${backup.uuid} is not a backup.`)
  return noContent
}

export const cancelStorageOperation = (call: Call): Answer => {
  ownStorage(call)
  return noContent
}

export const favorite = (call: Call): Answer => {
  storage(call)
  return noContent
}

