import type { Json, MachineRequest } from '@yardmaster/domain'
import { ProviderError } from '../provider-error.js'
import { at, isRecord } from './json-read.js'

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
  const given = (key: string) => at(options, 'hostconfig', key) ?? undefined
  return {
    image: text('image', options['image'] ?? undefined, ''),
    zone: zone ?? text('zone', given('zone'), 'de-fra1'),
    plan: plan ?? text('plan', given('plan'), '1xCPU-2GB'),
    cores: number('coreNumber', given('coreNumber')) ?? smallest.cores,
    memory: number('memoryAmount', given('memoryAmount')) ?? smallest.memory,
    hostname: text('hostname', given('hostname'), '') || null,
    sshKeys: texts('sshKeys', given('sshKeys')),
    diskSize: number('osDiskSize', given('osDiskSize')),
    userData: text('userData', given('userData'), ''),
    tier: text('storageTier', given('storageTier'), 'maxiops'),
    metadata: yes('metadata', given('metadata'), true),
    firewall: yes('firewall', given('firewall'), false),
    networks: texts('networks', given('networks')),
    publicNetwork: yes('publicNetwork', given('publicNetwork'), true),
    utilityNetwork: yes('utilityNetwork', given('utilityNetwork'), true),
    serverGroup: text('serverGroup', given('serverGroup'), '') || null,
    timezone: text('timezone', given('timezone'), 'UTC'),
    simpleBackup: text('simpleBackup', given('simpleBackup'), 'no'),
    labels: labels(given('labels')),
  }
}

const wrong = (option: string, expected: string, found: Json) =>
  new ProviderError(`UpCloud's option ${option} is to be ${expected}, but was rendered as ${JSON.stringify(found).slice(0, 100)}`, { failureClass: 'configuration', code: 'OPTION_INVALID' })

function text(option: string, value: Json | undefined, otherwise: string): string {
  if (value === undefined) return otherwise
  if (typeof value !== 'string') throw wrong(option, 'a text', value)
  return value
}

/** Properties of builds are often texts. */
function number(option: string, value: Json | undefined): number | null {
  if (value === undefined || value === '') return null
  const found = typeof value === 'string' ? Number(value) : value
  if (typeof found !== 'number' || !Number.isSafeInteger(found) || found < 1) throw wrong(option, 'a whole number above 0', value)
  return found
}

function texts(option: string, value: Json | undefined): string[] {
  if (value === undefined || value === '') return []
  const list = Array.isArray(value) ? value : [value]
  if (!list.every(item => typeof item === 'string')) throw wrong(option, 'a list of texts', value)
  return list.filter(item => item !== '')
}

function yes(option: string, value: Json | undefined, otherwise: boolean): boolean {
  if (value === undefined) return otherwise
  if (typeof value !== 'boolean') throw wrong(option, 'true or false', value)
  return value
}

function labels(value: Json | undefined): { [key: string]: string } {
  if (value === undefined) return {}
  if (!isRecord(value)) throw wrong('labels', 'a record of texts', value)
  const own = Object.keys(value).find(key => key.startsWith('yardmaster-'))
  if (own !== undefined) throw wrong('labels', "without keys that begin with 'yardmaster-', by which Yardmaster knows its machines", own)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, text(`labels.${key}`, item ?? undefined, '')]))
}
