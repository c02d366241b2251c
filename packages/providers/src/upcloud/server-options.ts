import { isRecord, type MachineRequest } from '@yardmaster/domain'
import { renderedOptions, type RenderedOptions } from '../rendered-options.js'
import { at } from './json-read.js'

/** The rendered options of a server, with every value of the right type. */
export type ServerOptions = {
  /** Title or UUID. */
  image: string
  zone: string
  plan: string
  cores: number
  /** MiB. */
  memory: number
  hostname: string | null
  sshKeys: string[]
  /** GiB; null: what the image needs. */
  diskSize: number | null
  userData: string
  tier: string
  metadata: boolean
  firewall: boolean
  networks: string[]
  publicNetwork: boolean
  utilityNetwork: boolean
  serverGroup: string | null
  timezone: string
  simpleBackup: string
  labels: { [key: string]: string }
}

/** What `custom` gets when nothing is said: the smallest that the API takes (Buildbot's 512 MiB is refused). */
const smallest = { cores: 1, memory: 1024 }

/** Throws a ProviderError of class `configuration` that names the option. */
export function serverOptions({ options, zone, plan }: Pick<MachineRequest, 'options' | 'zone' | 'plan'>): ServerOptions {
  const given = at(options, 'hostconfig')
  const host = renderedOptions('UpCloud', isRecord(given) ? given : {})
  return {
    image: renderedOptions('UpCloud', options).textOr('image', ''),
    zone: zone ?? host.textOr('zone', 'de-fra1'),
    plan: plan ?? host.textOr('plan', '1xCPU-2GB'),
    cores: host.wholeNumber('coreNumber') ?? smallest.cores,
    memory: host.wholeNumber('memoryAmount') ?? smallest.memory,
    hostname: host.text('hostname'),
    sshKeys: host.texts('sshKeys'),
    diskSize: host.wholeNumber('osDiskSize'),
    userData: host.textOr('userData', ''),
    tier: host.textOr('storageTier', 'maxiops'),
    metadata: host.yes('metadata', true),
    firewall: host.yes('firewall'),
    networks: host.texts('networks'),
    publicNetwork: host.yes('publicNetwork', true),
    utilityNetwork: host.yes('utilityNetwork', true),
    serverGroup: host.text('serverGroup'),
    timezone: host.textOr('timezone', 'UTC'),
    simpleBackup: host.textOr('simpleBackup', 'no'),
    labels: labels(host),
  }
}

function labels(host: RenderedOptions): { [key: string]: string } {
  const given = host.record('labels')
  const own = Object.keys(given).find(key => key.startsWith('yardmaster-'))
  if (own !== undefined) throw host.wrong('labels', "without keys that begin with 'yardmaster-', by which Yardmaster knows its machines", own)
  return Object.fromEntries(Object.entries(given).map(([key, value]) => {
    if (value !== null && typeof value !== 'string') throw host.wrong(`labels.${key}`, 'a text', value)
    return [key, value ?? '']
  }))
}
