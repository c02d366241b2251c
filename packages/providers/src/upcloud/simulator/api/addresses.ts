import { conflict, invalid, notFound } from '../api-error.js'
import { oneOf, requiredText, text, unwrap, type Fields } from '../fields.js'
import { endMeter, meterAddress } from '../meters.js'
import type { Address, Interface, Server, World } from '../world.js'
import { mayUseServer, serverFor } from './access.js'
import { accepted, created, noContent, ok, page, param, type Answer, type Call } from './call.js'
import { planInterface } from './create-interfaces.js'
import { addressView } from './views.js'

const addressesOf = ({ world, account }: Call) => [...world.addresses.values()].filter(({ owner }) => owner === account.main)

export const listAddresses = (call: Call): Answer => {
  const { items, total } = page(addressesOf(call), call.query)
  return { ...ok({ ip_addresses: { ip_address: items.map(addressView) } }), total }
}

function addressFor(call: Call): Address {
  const wanted = param(call, 'address')
  const address = addressesOf(call).find(one => one.address === wanted)
  if (!address) throw notFound('ip address', wanted)
  return address
}

export const getAddress = (call: Call): Answer => ok({ ip_address: addressView(addressFor(call)) })

type Place = { server: Server; one: Interface }

function placeOf({ world, account }: Call, mac: string): Place {
  for (const server of world.servers.values()) {
    const one = mayUseServer(account, server) ? server.interfaces.find(device => device.mac === mac) : undefined
    if (one) return { server, one }
  }
  throw invalid('MAC_INVALID', `No interface has the MAC address ${mac}.`)
}

/** A floating address is at an interface of whichever server, or at none. */
function move(world: World, address: Address, to: Place | null): void {
  for (const { interfaces } of world.servers.values()) for (const one of interfaces) one.addresses = one.addresses.filter(text => text !== address.address)
  to?.one.addresses.push(address.address)
  address.server = to?.server.uuid ?? null
  address.mac = to?.one.mac ?? ''
}

function assignFloating(call: Call, fields: Fields): Answer {
  const { world } = call
  const mac = text(fields, 'mac')
  const place = mac === undefined ? null : placeOf(call, mac)
  const zone = place?.server.zone ?? requiredText(fields, 'zone')
  const family = oneOf(fields, 'family', ['IPv4', 'IPv6']) ?? 'IPv4'
  const { addresses: [address] } = planInterface(call, { type: 'public', ip_addresses: { ip_address: [{ family }] } }, { zone, includesAddress: false }, { index: 1, addresses: [] })
  if (!address) throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The zone ${zone} has no free address.`)
  address.floating = true
  world.addresses.set(address.address, address)
  move(world, address, place)
  meterAddress(world, address)
  return created({ ip_address: addressView(address) })
}

export function assignAddress(call: Call): Answer {
  const { world, account } = call
  const fields = unwrap(call.body, 'ip_address', ['access', 'family', 'server', 'floating', 'mac', 'zone', 'release_policy'])
  if (fields['floating'] === 'yes') return assignFloating(call, fields)
  const server = serverFor(world, account, requiredText(fields, 'server'))
  const { zone } = server
  if (server.state !== 'stopped') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  const access = oneOf(fields, 'access', ['public', 'utility']) ?? 'public'
  const family = oneOf(fields, 'family', ['IPv4', 'IPv6']) ?? 'IPv4'
  const { one, addresses } = planInterface(call, { type: access, ip_addresses: { ip_address: [{ family }] } }, { zone, includesAddress: false }, { index: server.interfaces.length + 1, addresses: [] })
  const [address] = addresses
  if (!address) throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The zone ${zone} has no free address.`)
  address.server = server.uuid
  server.interfaces.push(one)
  world.addresses.set(address.address, address)
  meterAddress(world, address)
  return created({ ip_address: addressView(address) })
}

export function modifyAddress(call: Call): Answer {
  const address = addressFor(call)
  const fields = unwrap(call.body, 'ip_address', ['ptr_record', 'mac', 'release_policy'])
  const { mac } = fields
  if (mac !== undefined && !address.floating) throw conflict('IP_ADDRESS_NOT_FLOATING', `The address ${address.address} is not a floating one.`)
  if (mac !== undefined) {
    move(call.world, address, mac === null || mac === '' ? null : placeOf(call, requiredText(fields, 'mac')))
    meterAddress(call.world, address)
  }
  address.ptrRecord = text(fields, 'ptr_record') ?? address.ptrRecord
  return accepted({ ip_address: addressView(address) })
}

export function releaseAddress(call: Call): Answer {
  const { world } = call
  const address = addressFor(call)
  endMeter(world, address.address)
  world.addresses.delete(address.address)
  for (const server of world.servers.values()) {
    for (const one of server.interfaces) one.addresses = one.addresses.filter(text => text !== address.address)
    server.interfaces = server.interfaces.filter(one => one.addresses.length > 0)
  }
  return noContent
}
