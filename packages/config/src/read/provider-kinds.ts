import { isInterpolate, isNativeTitle, lookupsOf, upcloudWarnings, type ProviderConfig, type ProviderKind, type Renderable } from '@yardmaster/domain'
import { functionRef, text, textOrSecret, wholeNumber } from './leaves.js'
import { leaf, list, mapOf, or, orNull, record } from './reader.js'
import type { Place, Reader, Shape } from './reader.js'
import { renderableData, renderableText, renderableTexts } from './renderables.js'
import { env } from './steps.js'

/** What is said where a provider is, and what is said of its machines; `rules` sees both together. */
type Kind = { account: Shape; machine: Shape; rules?: (given: { [key: string]: unknown }, at: Place) => void }

const texts = orNull(renderableTexts)
const someText = orNull(renderableText)
const data = orNull(renderableData)
const version = leaf('1: the version of the interface that is implemented', value => (value === 1 ? 1 : undefined))

const hostconfig = record({
  zone: or(renderableText, 'de-fra1'), plan: or(renderableText, '1xCPU-2GB'), coreNumber: data, memoryAmount: data, hostname: someText, sshKeys: or(renderableTexts, []),
  osDiskSize: data, userData: or(renderableText, ''), storageTier: or(renderableText, 'maxiops'), metadata: or(renderableData, true), firewall: or(renderableData, false),
  networks: or(renderableTexts, []), publicNetwork: or(renderableData, true), utilityNetwork: or(renderableData, true), serverGroup: someText, timezone: or(renderableText, 'UTC'),
  simpleBackup: or(renderableData, 'no'), labels: or(mapOf(renderableText, 'labels: a record of texts'), {}),
}, 'a hostconfig: { zone, plan, … }')
const noHostconfig = {}

/** What is fetched from a URL, or made by a function, is not known here. */
function mayTellPassword(userData: Renderable): boolean {
  if (typeof userData === 'string') return /^\s*https?:/.test(userData)
  return !isInterpolate(userData) || Object.keys(userData.kw ?? {}).length > 0 || lookupsOf(userData.$interpolate).some(({ selector, key }) => selector === 'worker' && key === 'password')
}

const dockerHost = record({ url: text, max: orNull(wholeNumber(1)), ca: orNull(textOrSecret), cert: orNull(textOrSecret), key: orNull(textOrSecret) }, 'a Docker host: its URL, or { url, … }')
const dockerHosts = list((value, at) => (typeof value === 'string' ? { url: value, max: null, ca: null, cert: null, key: null } : dockerHost(value, at)), 'a list of Docker hosts')

export const kinds: { [kind in ProviderKind]: Kind } = {
  upcloud: {
    account: { apiToken: orNull(textOrSecret), apiUsername: orNull(textOrSecret), apiPassword: orNull(textOrSecret), baseUrl: or(text, 'https://api.upcloud.com/1.3') },
    machine: { image: renderableText, hostconfig: (value, at) => hostconfig(value ?? noHostconfig, at) },
    rules({ apiToken, apiUsername, apiPassword, image, hostconfig: host, password }, at) {
      const named = apiUsername !== null && apiPassword !== null
      if (apiToken !== null ? apiUsername !== null || apiPassword !== null : !named) at.wrong({ expected: 'an apiToken, or apiUsername and apiPassword', found: apiToken === null ? 'neither' : 'both' })
      if (typeof apiToken === 'string' || typeof apiPassword === 'string') at.at(typeof apiToken === 'string' ? 'apiToken' : 'apiPassword').warn('is written in the configuration, which many can read: util.secret(name) takes it from where secrets are')
      const native = typeof image === 'string' ? isNativeTitle(image) : null
      const machine = host as { [option: string]: Renderable }
      for (const { option, message } of upcloudWarnings({ hostconfig: machine }, { native })) at.at('hostconfig').at(option.replace('hostconfig.', '')).warn(message)
      if ((password ?? null) === null && !mayTellPassword(machine['userData'] ?? '')) at.at('hostconfig').at('userData').warn('does not tell the machine its one-time password, so its worker cannot connect: use util.userData.buildbotWorker(), or %(worker:password)s in util.interpolate')
    },
  },
  process: { account: { folder: orNull(text) }, machine: { env: or(env, {}) } },
  docker: {
    account: {
      hosts: or(dockerHosts, [{ url: 'unix:///var/run/docker.sock', max: null, ca: null, cert: null, key: null }]),
      registryAuth: orNull(record({ serveraddress: orNull(text), username: text, password: textOrSecret }, 'registryAuth: { username, password }')),
    },
    machine: {
      image: renderableText, command: texts, env: or(env, {}), volumes: or(renderableTexts, []), pullPolicy: or(renderableData, 'missing'), network: someText, memory: data, cpus: data,
      privileged: or(renderableData, false), hostConfig: data,
    },
    rules({ hosts }, at) {
      if (Array.isArray(hosts) && hosts.length === 0) at.at('hosts').wrong({ expected: 'at least one Docker host, or no list at all: this host', found: 'an empty list' })
    },
  },
  kubernetes: {
    account: { kubeconfig: orNull(textOrSecret), context: orNull(text), namespace: orNull(text) },
    machine: {
      image: someText, command: texts, env: or(env, {}), requests: data, limits: data, nodeSelector: data, serviceAccount: someText, imagePullSecrets: or(renderableTexts, []), podSpec: data,
    },
  },
  custom: {
    account: {
      functions: record({ version, create: functionRef, list: functionRef, get: functionRef, remove: functionRef, removeLeftover: orNull(functionRef), price: orNull(functionRef), check: orNull(functionRef) },
        'the functions of a provider: { version: 1, create, list, get, remove, … }'),
      account: or(mapOf(textOrSecret, 'account: a record of texts and secrets'), {}),
    },
    machine: { options: or(mapOf(renderableData, 'options: a record'), {}) },
  },
}

/** The provider of that kind, out of options that have been read by its shapes. */
export function providerOf(kind: ProviderKind, given: { [key: string]: unknown }, at: Place): ProviderConfig {
  const { account, machine, rules } = kinds[kind]
  rules?.(given, at)
  const pick = (shape: Shape) => Object.fromEntries(Object.keys(shape).map(key => [key, given[key] as Renderable]))
  return { kind, account: pick(account), machine: pick(machine) }
}

/** `providers.KIND(…)`. */
export const provider = (kind: ProviderKind): Reader<ProviderConfig> => (value, at) =>
  providerOf(kind, record({ ...kinds[kind].account, ...kinds[kind].machine }, `options of providers.${kind}`)(value, at), at)

export const kindNames = Object.keys(kinds) as ProviderKind[]
