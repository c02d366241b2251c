import { invalid, notFound } from '../api-error.js'
import { labels, meetsLabels, requiredText, text, unwrap, wrappedList } from '../fields.js'
import { uuidOf } from '../seeded-random.js'
import type { ServerGroup } from '../world.js'
import { serverFor } from './access.js'
import { noContent, ok, param, type Answer, type Call } from './call.js'
import { labelList } from './views.js'

const groupView = (group: ServerGroup) => ({
  anti_affinity: group.antiAffinity, anti_affinity_status: group.servers.map(uuid => ({ status: 'met', uuid })), labels: { label: labelList(group.labels) }, servers: { server: group.servers },
  title: group.title, uuid: group.uuid,
})

export const listGroups = ({ world, account, query }: Call): Answer => ok({
  server_groups: { server_group: [...world.groups.values()].filter(one => one.owner === account.main && meetsLabels(one.labels, query.getAll('label'))).map(groupView) },
})

function groupFor(call: Call): ServerGroup {
  const uuid = param(call, 'uuid')
  const group = call.world.groups.get(uuid)
  if (!group || group.owner !== call.account.main) throw notFound('group', uuid)
  return group
}

export const getGroup = (call: Call): Answer => ok({ server_group: groupView(groupFor(call)) })

function antiAffinity(value: unknown): string {
  if (value === undefined) return 'no'
  if (value === 'strict' || value === 'yes' || value === 'no') return value
  throw invalid('ANTI_AFFINITY_INVALID', 'The attribute \'anti_affinity\' is strict, yes or no.')
}

export function createGroup(call: Call): Answer {
  const { world, account } = call
  const fields = unwrap(call.body, 'server_group', ['title', 'labels', 'servers', 'anti_affinity'])
  const servers = (wrappedList(fields, 'servers', 'server') ?? []).map(uuid => serverFor(world, account, String(uuid)))
  const group: ServerGroup = {
    uuid: uuidOf('group', world.random), owner: account.main, title: requiredText(fields, 'title'), antiAffinity: antiAffinity(fields['anti_affinity']), labels: labels(fields, 'wrapped') ?? [],
    servers: servers.map(({ uuid }) => uuid),
  }
  for (const server of servers) server.serverGroup = group.uuid
  world.groups.set(group.uuid, group)
  return ok({ server_group: groupView(group) })
}

export function modifyGroup(call: Call): Answer {
  const { world, account } = call
  const group = groupFor(call)
  const fields = unwrap(call.body, 'server_group', ['title', 'labels', 'servers', 'anti_affinity'])
  group.title = text(fields, 'title') ?? group.title
  group.labels = labels(fields, 'wrapped') ?? group.labels
  if (fields['anti_affinity'] !== undefined) group.antiAffinity = antiAffinity(fields['anti_affinity'])
  const servers = wrappedList(fields, 'servers', 'server')?.map(uuid => serverFor(world, account, String(uuid)))
  if (servers) {
    for (const server of world.servers.values()) if (server.serverGroup === group.uuid) server.serverGroup = null
    for (const server of servers) server.serverGroup = group.uuid
    group.servers = servers.map(({ uuid }) => uuid)
  }
  return ok({ server_group: groupView(group) })
}

export function addGroupMember(call: Call): Answer {
  const { world, account } = call
  const group = groupFor(call)
  const server = serverFor(world, account, requiredText(unwrap(call.body, 'server', ['uuid']), 'uuid'))
  server.serverGroup = group.uuid
  group.servers = [...new Set([...group.servers, server.uuid])]
  return noContent
}

export function removeGroupMember(call: Call): Answer {
  const group = groupFor(call)
  const server = serverFor(call.world, call.account, param(call, 'server'))
  if (server.serverGroup === group.uuid) server.serverGroup = null
  group.servers = group.servers.filter(uuid => uuid !== server.uuid)
  return noContent
}

export function deleteGroup(call: Call): Answer {
  const group = groupFor(call)
  for (const server of call.world.servers.values()) if (server.serverGroup === group.uuid) server.serverGroup = null
  call.world.groups.delete(group.uuid)
  return noContent
}
