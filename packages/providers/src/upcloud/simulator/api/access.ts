import { forbidden, invalid, notFound } from '../api-error.js'
import type { Account, Network, Server, Storage, World } from '../world.js'

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isMain = (account: Account) => account.username === account.main

const listed = (access: readonly string[], uuid: string) => access.includes('*') || access.includes(uuid)

/** A sub-account uses what it made, and what it was given. */
const mayUse = (account: Account, thing: { uuid: string; owner: string | null; creator: string }, access: readonly string[]) =>
  thing.owner === account.main && (isMain(account) || thing.creator === account.username || listed(access, thing.uuid))

export const mayUseServer = (account: Account, server: Server) =>
  mayUse(account, server, account.serverAccess) || (server.owner === account.main && server.tags.some(tag => account.tagAccess.includes(tag)))

export const mayUseStorage = (world: World, account: Account, storage: Storage) =>
  storage.owner === null || mayUse(account, storage, account.storageAccess)
  || [...world.servers.values()].some(server => server.devices.some(device => device.storage === storage.uuid) && mayUseServer(account, server))

export const mayUseNetwork = (account: Account, network: Network) =>
  network.owner === null || (network.owner === account.main && (isMain(account) || listed(account.networkAccess, network.uuid)))

function checkUuid(kind: string, uuid: string): void {
  if (!uuidPattern.test(uuid)) throw invalid(`${kind.toUpperCase()}_INVALID`, `The ${kind} UUID is invalid.`)
}

export function serverFor(world: World, account: Account, uuid: string): Server {
  checkUuid('server', uuid)
  const server = world.servers.get(uuid)
  if (!server || server.owner !== account.main) throw notFound('server', uuid)
  if (!mayUseServer(account, server)) throw forbidden('SERVER_FORBIDDEN', `The server ${uuid} exists, but you do not have permission to use it.`)
  return server
}

export function storageFor(world: World, account: Account, uuid: string): Storage {
  checkUuid('storage', uuid)
  const storage = world.storages.get(uuid)
  if (!storage || (storage.owner !== null && storage.owner !== account.main)) throw notFound('storage', uuid)
  if (!mayUseStorage(world, account, storage)) throw forbidden('STORAGE_FORBIDDEN', `The storage ${uuid} exists, but you do not have permission to use it.`)
  return storage
}

export function networkFor(world: World, account: Account, uuid: string): Network {
  checkUuid('network', uuid)
  const network = world.networks.get(uuid)
  if (!network || (network.owner !== null && network.owner !== account.main)) throw notFound('network', uuid)
  if (!mayUseNetwork(account, network)) throw forbidden('NETWORK_FORBIDDEN', `The network ${uuid} exists, but you do not have permission to use it.`)
  return network
}

export function requireMain(account: Account): void {
  if (!isMain(account)) throw forbidden('ACTION_FORBIDDEN', 'The action is only allowed for the main account.')
}
