import type { Random } from '@yardmaster/runtime'
import { plans } from './catalogue/plans.js'
import { defaultPrices } from './catalogue/prices.js'
import { recordedBoots, recordedStops } from './catalogue/recorded-times.js'
import { installationDiscs, templates, type Template } from './catalogue/templates.js'
import { zones, type Zone } from './catalogue/zones.js'
import { makeFaults } from './faults.js'
import type { Machines } from './machine/machines.js'
import { defaultAccounts, defaultLimits, type AccountOptions, type SimulatorOptions } from './options.js'
import { uuidOf } from './seeded-random.js'
import type { VirtualClock } from './virtual-clock.js'
import type { Account, Network, Storage, Token, World, WorldData } from './world.js'

const yearMs = 365 * 86_400_000

function accountOf({ username, password, mainAccount = username, ...options }: AccountOptions): Account {
  const isMain = mainAccount === username
  const everything = isMain ? ['*'] : []
  return {
    username, password, main: mainAccount, details: { currency: options.currency ?? 'EUR', country: 'FIN', language: 'en', timezone: 'UTC' },
    allowApi: options.allowApi ?? true, allowGui: options.allowGui ?? isMain, roles: options.roles ?? (isMain ? ['technical', 'billing'] : []),
    serverAccess: options.serverAccess ?? everything, storageAccess: options.storageAccess ?? everything, networkAccess: options.networkAccess ?? everything, tagAccess: options.tagAccess ?? [],
    ipFilters: options.ipFilters ?? [], credits: options.credits ?? 1_000_000, resourceLimits: { ...defaultLimits, ...options.resourceLimits }, creatingLimit: options.creatingLimit ?? 50,
  }
}

function tokensOf(options: readonly AccountOptions[], now: number, random: Random): Token[] {
  return options.flatMap(({ username, tokens = [] }) => tokens.map(token => ({
    id: uuidOf('token', random), username, name: token.name ?? 'token', token: token.token, createdAt: now, expiresAt: token.expiresAt ?? now + yearMs, lastUsedAt: null,
    canCreateTokens: token.canCreateTokens ?? false, allowedIpRanges: token.allowedIpRanges ?? ['0.0.0.0/0', '::/0'],
  })))
}

const publicTemplate = ({ uuid, title, size, templateType, license }: Template): Storage => ({
  uuid, owner: null, creator: '', title, type: 'template', size, tier: null, zone: null, created: null, state: 'online', timeline: [], labels: [], encrypted: 'no', license, origin: null,
  backupRule: null, image: { templateType, title }, partOfPlan: false, imported: null,
})

const installationDisc = (disc: (typeof installationDiscs)[number]): Storage => ({ ...publicTemplate({ ...disc, templateType: 'native', license: 0 }), type: 'cdrom', image: null })

/** Each zone has public networks of both families and a utility network. */
function zoneNetworks({ id }: Zone, index: number): Network[] {
  const uuid = (number: number) => `03000000-0000-4000-8000-${(index * 10 + number).toString(16).padStart(12, '0')}`
  const common = { owner: null, zone: id, router: null, labels: [] }
  const v4 = `94.237.${index * 4}.0/22`
  const v6 = `2a04:3545:${(0x1000 + index).toString(16)}:720::/64`
  const utility = `10.${index + 1}.0.0/22`
  return [
    { ...common, uuid: uuid(1), name: `Public ${v4}`, type: 'public', ipNetworks: [{ address: v4, dhcp: 'yes', dhcp_default_route: 'yes', dhcp_dns: ['94.237.127.9', '94.237.40.9'], family: 'IPv4', gateway: `94.237.${index * 4}.1` }] },
    { ...common, uuid: uuid(2), name: `Private ${utility}`, type: 'utility', ipNetworks: [{ address: utility, dhcp: 'yes', dhcp_default_route: 'no', dhcp_routes: ['10.0.0.0/8'], family: 'IPv4', gateway: `10.${index + 1}.0.1` }] },
    { ...common, uuid: uuid(3), name: `Public ${v6}`, type: 'public', ipNetworks: [{ address: v6, dhcp: 'yes', dhcp_default_route: 'yes', dhcp_dns: ['2a04:3540:53::1', '2a04:3544:53::1'], family: 'IPv6', gateway: v6.replace('/64', '1') }] },
  ]
}

export type WorldParts = { clock: VirtualClock; random: Random; faultRandom: Random; idRandom: Random; machines: Machines; kept: WorldData | null }

function freshData(options: SimulatorOptions, { clock, random }: WorldParts): WorldData {
  const accounts = options.accounts ?? defaultAccounts
  const byUuid = <T extends { uuid: string }>(items: readonly T[]) => new Map(items.map(item => [item.uuid, item]))
  return {
    accounts: new Map(accounts.map(one => [one.username, accountOf(one)])),
    tokens: new Map(tokensOf(accounts, clock.now(), random).map(token => [token.id, token])),
    servers: new Map(), storages: byUuid([...(options.templates ?? templates).map(publicTemplate), ...installationDiscs.map(installationDisc)]), networks: byUuid((options.zones ?? zones).flatMap(zoneNetworks)),
    routers: new Map(), addresses: new Map(), tags: new Map(), groups: new Map(), meters: [], deleted: [],
  }
}

export function makeWorld(options: SimulatorOptions, parts: WorldParts): World {
  const { clock, random, faultRandom, idRandom, machines } = parts
  const zonesOfWorld = options.zones ?? zones
  return {
    ...(parts.kept ?? freshData(options, parts)),
    clock, random, idRandom, machines, zones: zonesOfWorld, plans: options.plans ?? plans, prices: options.prices ?? defaultPrices(zonesOfWorld), capacity: [...options.capacity ?? []],
    faults: makeFaults(faultRandom, options.faults), timeScale: options.timeScale ?? 1, bootSeconds: options.bootSeconds ?? recordedBoots, stopSeconds: options.stopSeconds ?? recordedStops,
    roundUpToHours: options.roundUpToHours ?? true, changed: () => {},
  }
}
