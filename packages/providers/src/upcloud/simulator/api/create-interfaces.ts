import { conflict, invalid } from '../api-error.js'
import { attributeMissing, fieldsOf, integer, onlyKnown, oneOf, text, wrappedList, yesNo, type Fields } from '../fields.js'
import { randomInteger } from '../seeded-random.js'
import type { Address, Interface, Network, World } from '../world.js'
import { networkFor } from './access.js'
import type { Call } from './call.js'

const known = ['index', 'ip_addresses', 'type', 'network', 'source_ip_filtering', 'bootable']

/** What a server gets that says nothing of networking. */
export const defaultInterfaces: Fields[] = [
  { type: 'public', ip_addresses: { ip_address: [{ family: 'IPv4' }] } },
  { type: 'utility', ip_addresses: { ip_address: [{ family: 'IPv4' }] } },
  { type: 'public', ip_addresses: { ip_address: [{ family: 'IPv6' }] } },
]

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')

const newMac = (world: World) => ['6e', 'd7', ...Array.from({ length: 4 }, () => hex(randomInteger(0, 256, world.random), 2))].join(':')

const isFree = (world: World, address: string, others: readonly Address[]) => !world.addresses.has(address) && !others.some(one => one.address === address)

function newAddress(world: World, network: Network, family: 'IPv4' | 'IPv6', others: readonly Address[]): string {
  const range = network.ipNetworks.find(one => one['family'] === family)?.['address']
  if (typeof range !== 'string') throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The network ${network.uuid} has no ${family} addresses.`)
  const [base = ''] = range.split('/')
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const address = family === 'IPv6' ? ipv6(world, base) : ipv4(world, base, Number(range.split('/')[1] ?? 24))
    if (isFree(world, address, others)) return address
  }
  throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The network ${network.uuid} has no free ${family} address.`)
}

const ipv6 = (world: World, base: string) => base.replace(/::$/, '') + [0, 1, 2, 3].map(() => `:${hex(randomInteger(1, 65_536, world.random), 4)}`).join('')

function ipv4(world: World, base: string, prefix: number): string {
  const start = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const value = start + randomInteger(2, Math.max(3, 2 ** (32 - prefix) - 1), world.random)
  return [24, 16, 8, 0].map(shift => Math.floor(value / 2 ** shift) % 256).join('.')
}

function networkOf({ world, account }: Call, fields: Fields, { type, zone, family }: { type: Interface['type']; zone: string; family: 'IPv4' | 'IPv6' }): Network {
  if (type === 'private') {
    const uuid = text(fields, 'network')
    if (uuid === undefined) throw attributeMissing('network')
    const network = networkFor(world, account, uuid)
    if (network.zone !== zone) throw conflict('ZONE_MISMATCH', `The network ${uuid} is in the zone ${network.zone}, the server in ${zone}.`)
    return network
  }
  const network = [...world.networks.values()].find(one => one.owner === null && one.zone === zone && one.type === type && one.ipNetworks.some(range => range['family'] === family))
  if (!network) throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The zone ${zone} has no ${type} ${family} network.`)
  return network
}

const ptrRecord = (address: string, family: string, zone: string) =>
  (family === 'IPv4' ? `${address.replaceAll('.', '-')}.${zone}.upcloud.host` : `${address.split(':').slice(-4).join('-')}.v6.${zone}.upcloud.host`)

type Place = { zone: string; /** Whether the plan has a public IPv4 address in its price. */ includesAddress: boolean }

/** One interface; `before` holds what was planned for the same server. */
export function planInterface(call: Call, fields: Fields, place: Place, before: { index: number; addresses: readonly Address[] }): { one: Interface; addresses: Address[] } {
  const { world, account } = call
  onlyKnown(fields, known)
  const type = oneOf(fields, 'type', ['public', 'utility', 'private'])
  if (type === undefined) throw attributeMissing('type')
  const wanted = (wrappedList(fields, 'ip_addresses', 'ip_address') ?? []).map(one => onlyKnown(fieldsOf(one, 'ip_address'), ['family', 'address', 'dhcp_provided']))
  const families = (wanted.length === 0 ? [{}] : wanted).map(one => ({ family: oneOf(one, 'family', ['IPv4', 'IPv6']) ?? 'IPv4', address: text(one, 'address') }))
  if (new Set(families.map(({ family }) => family)).size > 1) throw invalid('DUAL_STACK_INTERFACE', 'An interface has addresses of one family.')
  const network = networkOf(call, fields, { type, zone: place.zone, family: families[0]?.family ?? 'IPv4' })
  const mac = newMac(world)
  const addresses: Address[] = []
  for (const { family, address: given } of families) {
    const others = [...before.addresses, ...addresses]
    if (given !== undefined && !isFree(world, given, others)) throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The address ${given} is in use.`)
    const address = given ?? newAddress(world, network, family, others)
    const included = place.includesAddress && type === 'public' && family === 'IPv4' && !others.some(one => one.partOfPlan)
    addresses.push({ address, family, access: type, owner: account.main, mac, ptrRecord: type === 'public' ? ptrRecord(address, family, place.zone) : '', zone: place.zone, server: null, partOfPlan: included, floating: false })
  }
  const one: Interface = {
    index: integer(fields, 'index', { min: 1, max: 10 }) ?? before.index, type, mac, network: network.uuid, bootable: yesNo(fields, 'bootable') ?? 'no',
    sourceIpFiltering: yesNo(fields, 'source_ip_filtering') ?? 'yes', addresses: addresses.map(({ address }) => address),
  }
  return { one, addresses }
}

export function planInterfaces(call: Call, wanted: readonly Fields[], place: Place): { interfaces: Interface[]; addresses: Address[] } {
  const interfaces: Interface[] = []
  const addresses: Address[] = []
  for (const fields of wanted) {
    const planned = planInterface(call, fields, place, { index: interfaces.length + 1, addresses })
    interfaces.push(planned.one)
    addresses.push(...planned.addresses)
  }
  return { interfaces, addresses }
}
