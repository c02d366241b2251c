import { isRecord, machineName, sameLabel, type Json, type JsonRecord, type Machine, type MachineLabel, type MachineState } from '@yardmaster/domain'
import { numberAt, recordsAt, textAt } from './json-read.js'
import { labelIn } from './labels.js'

/** Why it is in `maintenance` the API does not say: it boots, or is being stopped or removed. */
const states: { readonly [state: string]: MachineState } = { started: 'running', stopped: 'stopped', maintenance: 'starting', error: 'error' }

/** A server of a list or of its own page; null: it does not carry our labels. `storages` are known of its own page only. */
export function machineOf(server: Json | undefined): Machine | null {
  const label = labelIn(isRecord(server) ? server['labels'] : undefined)
  const id = textAt(server, 'uuid')
  if (label === null || id === null) return null
  const detail = textAt(server, 'state') ?? 'unknown'
  const created = numberAt(server, 'created')
  return {
    id, label, state: states[detail] ?? 'starting', detail, zone: textAt(server, 'zone'), plan: textAt(server, 'plan'), createdAt: created === null ? null : created * 1_000,
    address: addressOf(server), storages: attachedDisks(server, label).own,
  }
}

/** UUIDs of the disks that a server's own page names: those that were made with it, and what somebody has attached since. */
export function attachedDisks(server: Json | undefined, label: MachineLabel): { own: string[]; others: string[] } {
  const disks = recordsAt(server, 'storage_devices', 'storage_device').filter(device => textAt(device, 'type') !== 'cdrom')
  const titles = [machineName(label), textAt(server, 'title')]
  const isOwn = (device: JsonRecord) => titles.includes(textAt(device, 'storage_title')) || sameLabel(labelIn(device['labels']), label)
  const ids = (of: JsonRecord[]) => of.flatMap(device => textAt(device, 'storage') ?? [])
  return { own: ids(disks.filter(isOwn)), others: ids(disks.filter(device => !isOwn(device))) }
}

/** Of a machine on private networks alone the flat list is empty. */
function addressOf(server: Json | undefined): string | null {
  const flat = recordsAt(server, 'ip_addresses', 'ip_address').map(address => ({ access: textAt(address, 'access'), address: textAt(address, 'address') }))
  const nested = recordsAt(server, 'networking', 'interfaces', 'interface')
    .flatMap(device => recordsAt(device, 'ip_addresses', 'ip_address').map(address => ({ access: textAt(device, 'type'), address: textAt(address, 'address') })))
  const all = [...flat, ...nested]
  return (['public', 'private', 'utility'].map(access => all.find(address => address.access === access)).find(Boolean) ?? all[0])?.address ?? null
}
