import type { Json, MachineRequest } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import type { Image } from './images.js'
import { labelsOf } from './labels.js'
import type { ServerOptions } from './server-options.js'

/** GiB: the least that the API takes. */
const SMALLEST_DISK = 10

const yesNo = (value: boolean): 'yes' | 'no' => (value ? 'yes' : 'no')
const refused = (message: string) => new ProviderError(message, { failureClass: 'configuration', code: 'OPTION_INVALID' })

/** The disk's size in GiB. Throws when it is said and too small for the image, which the API would refuse. */
export function diskSize(options: Pick<ServerOptions, 'diskSize'>, image: Image): number {
  if (options.diskSize !== null && options.diskSize < image.size) {
    throw refused(`osDiskSize ${options.diskSize} is smaller than the image '${image.title}', which has ${image.size} GiB: leave it out, or make it at least that`)
  }
  return options.diskSize ?? Math.max(image.size, SMALLEST_DISK)
}

/** The body of POST /server. */
export function serverBody({ name, label, worker }: Pick<MachineRequest, 'name' | 'label' | 'worker'>, options: ServerOptions, image: Image): Json {
  const custom: { [key: string]: Json } = options.plan === 'custom' ? { core_number: options.cores, memory_amount: options.memory } : {}
  const storage = { action: 'clone', storage: image.id, title: name, size: diskSize(options, image), tier: options.tier }
  return {
    server: {
      zone: options.zone, title: name, hostname: options.hostname ?? hostnameOf(worker.name), plan: options.plan, ...custom,
      metadata: yesNo(options.metadata),
      labels: { label: [...labelsOf(label).map(own => ({ ...own })), ...Object.entries(options.labels).map(([key, value]) => ({ key, value }))] },
      password_delivery: 'none',
      login_user: { username: 'root', create_password: 'no', ...(options.sshKeys.length > 0 ? { ssh_keys: { ssh_key: options.sshKeys } } : {}) },
      ...(options.userData.trim() === '' ? {} : { user_data: options.userData.trimStart() }),
      storage_devices: { storage_device: [storage] },
      networking: { interfaces: { interface: interfaces(options) } },
      firewall: options.firewall ? 'on' : 'off', simple_backup: options.simpleBackup, timezone: options.timezone, remote_access_enabled: 'no',
      ...(options.serverGroup === null ? {} : { server_group: options.serverGroup }),
    },
  }
}

/** All that are wanted are named: without this block the API gives a public and a utility one, and never a private one. */
function interfaces({ networks, publicNetwork, utilityNetwork }: ServerOptions): Json[] {
  const addresses = { ip_addresses: { ip_address: [{ family: 'IPv4' }] } }
  const all = [
    ...(utilityNetwork ? [{ type: 'utility', ...addresses }] : []),
    ...(publicNetwork ? [{ type: 'public', ...addresses }] : []),
    ...networks.map(network => ({ type: 'private', network, ...addresses })),
  ]
  if (all.length === 0) throw refused('the machine would have no network at all: leave publicNetwork or utilityNetwork on, or name networks')
  return all
}

/** A worker's name as a host's: letters, digits and '-', in parts with dots between. */
function hostnameOf(worker: string): string {
  const parts = worker.split('.').map(part => part.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 63).replaceAll(/^-+|-+$/g, '')).filter(part => part !== '')
  return parts.join('.').slice(0, 128).replace(/[-.]+$/, '') || 'worker'
}
