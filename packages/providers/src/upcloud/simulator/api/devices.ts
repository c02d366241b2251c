import { conflict, notFound } from '../api-error.js'
import { fieldsOf, integer, oneOf, requiredText, text, unwrap } from '../fields.js'
import { endMeter, meterAddress, meterStorage } from '../meters.js'
import { serverFor, storageFor } from './access.js'
import { created, noContent, ok, param, type Answer, type Call } from './call.js'
import { freeAddress } from './create-disks.js'
import { planInterface } from './create-interfaces.js'
import { interfaceView, interfaceViews, serverDetails, serversOfStorage } from './views.js'

export function attachStorage(call: Call): Answer {
  const { world, account } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  const fields = unwrap(call.body, 'storage_device', ['type', 'address', 'storage', 'boot_disk'])
  const type = oneOf(fields, 'type', ['disk', 'cdrom']) ?? 'disk'
  const address = freeAddress(text(fields, 'address'), server.devices.map(one => one.address))
  if (type === 'cdrom' && text(fields, 'storage') === undefined) {
    server.devices.push({ address, storage: '', type, bootDisk: false })
    return ok({ server: serverDetails(world, server) })
  }
  const storage = storageFor(world, account, requiredText(fields, 'storage'))
  if (server.state === 'maintenance') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  if (storage.owner === null && type === 'disk') throw conflict('PUBLIC_STORAGE_ATTACH', `The public storage ${storage.uuid} cannot be attached. Clone it.`)
  if (serversOfStorage(world, storage.uuid).length > 0 && type === 'disk') throw conflict('STORAGE_ATTACHED', `The storage ${storage.uuid} is already attached to a server.`)
  if (storage.state !== 'online') throw conflict('STORAGE_STATE_ILLEGAL', `The operation is not allowed while the storage ${storage.uuid} is in state '${storage.state}'.`)
  server.devices.push({ address, storage: storage.uuid, type, bootDisk: integer(fields, 'boot_disk', { max: 1 }) === 1 })
  meterStorage(world, storage, server.uuid)
  return ok({ server: serverDetails(world, server) })
}

/** Of a CD-ROM drive, loaded or empty. */
export function changeCdrom(call: Call): Answer {
  const { world, account, params } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  const drive = server.devices.find(({ type }) => type === 'cdrom')
  if (!drive) throw conflict('NO_CDROM_DEVICE', `The server ${server.uuid} has no CD-ROM device.`)
  drive.storage = params['verb'] === 'eject' ? '' : storageFor(world, account, requiredText(unwrap(call.body, 'storage_device', ['storage']), 'storage')).uuid
  return ok({ server: serverDetails(world, server) })
}

export function detachStorage(call: Call): Answer {
  const { world, account } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  const fields = unwrap(call.body, 'storage_device', ['address', 'storage'])
  const address = text(fields, 'address')
  const device = server.devices.find(one => (address === undefined ? one.storage === text(fields, 'storage') : one.address === address))
  if (!device) throw conflict('DEVICE_ADDRESS_NOT_IN_USE', `The device address ${address ?? ''} is not in use.`)
  if (server.state === 'maintenance') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  server.devices = server.devices.filter(one => one !== device)
  const storage = world.storages.get(device.storage)
  if (storage && storage.owner !== null) {
    storage.partOfPlan = false
    meterStorage(world, storage, server.uuid)
  }
  return ok({ server: serverDetails(world, server) })
}

export function getNetworking(call: Call): Answer {
  const { world, account } = call
  return ok({ networking: { interfaces: { interface: interfaceViews(world, serverFor(world, account, param(call, 'uuid'))) } } })
}

export function addInterface(call: Call): Answer {
  const { world, account } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  if (server.state !== 'stopped') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  const index = Math.max(0, ...server.interfaces.map(one => one.index)) + 1
  const fields = unwrap(call.body, 'interface', ['index', 'ip_addresses', 'type', 'network', 'source_ip_filtering', 'bootable'])
  const { one, addresses } = planInterface(call, fields, { zone: server.zone, includesAddress: false }, { index, addresses: [] })
  if (server.interfaces.some(other => other.index === one.index)) throw conflict('INTERFACE_EXISTS', `The server has an interface ${one.index} already.`)
  server.interfaces.push(one)
  for (const address of addresses) {
    address.server = server.uuid
    world.addresses.set(address.address, address)
    meterAddress(world, address)
  }
  return created({ interface: interfaceView(world, server, one.index) })
}

export function removeInterface(call: Call): Answer {
  const { world, account } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  const index = Number(param(call, 'index'))
  const found = server.interfaces.find(one => one.index === index)
  if (!found) throw notFound('interface', String(index))
  if (server.state !== 'stopped') throw conflict('SERVER_STATE_ILLEGAL', `The operation is not allowed while the server ${server.uuid} is in state '${server.state}'.`)
  server.interfaces = server.interfaces.filter(one => one !== found)
  for (const address of found.addresses) {
    endMeter(world, address)
    world.addresses.delete(address)
  }
  return noContent
}

/** Only the index can be moved; the rest of an interface is made anew. */
export function modifyInterface(call: Call): Answer {
  const { world, account } = call
  const server = serverFor(world, account, param(call, 'uuid'))
  const index = Number(param(call, 'index'))
  const found = server.interfaces.find(one => one.index === index)
  if (!found) throw notFound('interface', String(index))
  const fields = fieldsOf(unwrap(call.body, 'interface', ['index', 'ip_addresses', 'network', 'source_ip_filtering', 'bootable', 'type']), 'interface')
  const next = Number(fields['index'] ?? index)
  if (next !== index && server.interfaces.some(one => one.index === next)) throw conflict('INTERFACE_EXISTS', `The server has an interface ${next} already.`)
  found.index = next
  found.bootable = oneOf(fields, 'bootable', ['yes', 'no']) ?? found.bootable
  found.sourceIpFiltering = oneOf(fields, 'source_ip_filtering', ['yes', 'no']) ?? found.sourceIpFiltering
  return ok({ interface: interfaceView(world, server, next) })
}
