import { conflict, forbidden, invalid } from '../api-error.js'
import { fieldsOf, labels, meetsLabels, onlyKnown, requiredText, text, unwrap, wrappedList, type Fields } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { Network } from '../world.js'
import { mayUseNetwork, networkFor } from './access.js'
import { created, noContent, ok, page, param, type Answer, type Call } from './call.js'
import { networkView } from './views.js'

export function listNetworks(call: Call): Answer {
  const { world, account, query } = call
  const zone = query.get('zone')
  const shown = [...world.networks.values()].filter(one => mayUseNetwork(account, one) && (zone === null || one.zone === zone) && meetsLabels(one.labels, query.getAll('label')))
  const { items, total } = page(shown, query)
  return { ...ok({ networks: { network: items.map(one => networkView(world, one)) } }), total }
}

export const getNetwork = (call: Call): Answer => ok({ network: networkView(call.world, networkFor(call.world, call.account, param(call, 'uuid'))) })

const rangeFields = ['address', 'dhcp', 'dhcp_default_route', 'dhcp_dns', 'dhcp_routes', 'dhcp_routes_configuration', 'family', 'gateway']

export function createNetwork(call: Call): Answer {
  const { world, account } = call
  const fields = unwrap(call.body, 'network', ['name', 'zone', 'router', 'ip_networks', 'labels'])
  const ranges = (wrappedList(fields, 'ip_networks', 'ip_network') ?? []).map(one => onlyKnown(fieldsOf(one, 'ip_network'), rangeFields))
  const network: Network = {
    uuid: uuidOf('network', world.random), owner: account.main, name: requiredText(fields, 'name'), type: 'private', zone: requiredText(fields, 'zone'), router: text(fields, 'router') ?? null,
    labels: labels(fields, 'bare') ?? [],
    ipNetworks: ranges,
  }
  if (network.ipNetworks.length === 0) throw invalid('IP_NETWORKS_MISSING', 'The network needs an IP network.')
  world.networks.set(network.uuid, network)
  return created({ network: networkView(world, network) })
}

function ownNetwork(call: Call): Network {
  const network = networkFor(call.world, call.account, param(call, 'uuid'))
  if (network.owner === null) throw forbidden('NETWORK_FORBIDDEN', `The network ${network.uuid} cannot be changed.`)
  return network
}

const changed = (range: Fields, by: Fields = {}): Fields => Object.fromEntries(Object.entries({ ...range, ...by }).filter(([, value]) => value !== null))

export function modifyNetwork(call: Call): Answer {
  const network = ownNetwork(call)
  const fields = unwrap(call.body, 'network', ['name', 'router', 'ip_networks', 'labels'])
  network.name = text(fields, 'name') ?? network.name
  network.labels = labels(fields, 'bare') ?? network.labels
  const ranges = wrappedList(fields, 'ip_networks', 'ip_network')?.map(one => onlyKnown(fieldsOf(one, 'ip_network'), rangeFields))
  // What is not said of a range stays as it is; null takes it away.
  if (ranges) network.ipNetworks = network.ipNetworks.map(range => changed(range, ranges.find(one => one['family'] === range['family'])))
  if (fields['router'] !== undefined) network.router = text(fields, 'router') || null
  return ok({ network: networkView(call.world, network) })
}

export function deleteNetwork(call: Call): Answer {
  const network = ownNetwork(call)
  if ([...call.world.servers.values()].some(server => server.interfaces.some(one => one.network === network.uuid))) throw conflict('NETWORK_NOT_EMPTY', `The network ${network.uuid} has servers attached to it.`)
  call.world.networks.delete(network.uuid)
  return noContent
}
