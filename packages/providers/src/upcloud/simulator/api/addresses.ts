import { conflict, notFound } from '../api-error.js'
import { oneOf, requiredText, text, unwrap } from '../fields.js'
import { endMeter, meterAddress } from '../meters.js'
import type { Address } from '../world.js'
import { serverFor } from './access.js'
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

export function assignAddress(call: Call): Answer {
  const { world, account } = call
  const fields = unwrap(call.body, 'ip_address', ['access', 'family', 'server', 'floating', 'mac', 'zone', 'release_policy'])
  const server = text(fields, 'server') === undefined ? null : serverFor(world, account, requiredText(fields, 'server'))
  const zone = server?.zone ?? requiredText(fields, 'zone')
  if (server && server.state !== 'stopped' && fields['floating'] !== 'yes') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  const access = oneOf(fields, 'access', ['public', 'utility']) ?? 'public'
  const family = oneOf(fields, 'family', ['IPv4', 'IPv6']) ?? 'IPv4'
  const { one, addresses } = planInterface(call, { type: access, ip_addresses: { ip_address: [{ family }] } }, { zone, includesAddress: false }, { index: (server?.interfaces.length ?? 0) + 1, addresses: [] })
  const [address] = addresses
  if (!address) throw conflict('IP_ADDRESS_RESOURCES_UNAVAILABLE', `The zone ${zone} has no free address.`)
  address.server = server?.uuid ?? null
  address.floating = fields['floating'] === 'yes'
  server?.interfaces.push(one)
  world.addresses.set(address.address, address)
  meterAddress(world, address)
  return created({ ip_address: addressView(address) })
}

export function modifyAddress(call: Call): Answer {
  const address = addressFor(call)
  const fields = unwrap(call.body, 'ip_address', ['ptr_record', 'mac', 'release_policy'])
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
