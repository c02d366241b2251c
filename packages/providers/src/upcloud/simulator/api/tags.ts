import { conflict, forbidden, invalid, notFound } from '../api-error.js'
import { requiredText, text, unwrap, wrappedList, type Fields } from '../fields.js'
import type { Tag } from '../world.js'
import { isMain, serverFor } from './access.js'
import { noContent, ok, param, type Answer, type Call } from './call.js'

const tagKey = (owner: string, name: string) => `${owner}/${name}`

const tagView = ({ world }: Call, { name, description, owner }: Tag) => ({
  description, name, servers: { server: [...world.servers.values()].filter(server => server.owner === owner && server.tags.includes(name)).map(({ uuid }) => uuid) },
})

const tagServers = (call: Call, fields: Fields) => wrappedList(fields, 'servers', 'server')?.map(uuid => serverFor(call.world, call.account, String(uuid)))

function tagFor({ world, account }: Call, name: string): Tag {
  const tag = world.tags.get(tagKey(account.main, name))
  if (!tag) throw notFound('tag', name)
  return tag
}

export const listTags = (call: Call): Answer => ok({ tags: { tag: [...call.world.tags.values()].filter(({ owner }) => owner === call.account.main).map(tag => tagView(call, tag)) } })

export function createTag(call: Call): Answer {
  const { world, account } = call
  if (!isMain(account)) throw forbidden('TAG_FORBIDDEN', 'Tags can be made by the main account only.')
  const fields = unwrap(call.body, 'tag', ['name', 'description', 'servers'])
  const name = requiredText(fields, 'name', 32)
  if (!/^\w+$/.test(name)) throw invalid('TAG_INVALID', `The tag '${name}' is invalid.`)
  if (world.tags.has(tagKey(account.main, name))) throw conflict('TAG_EXISTS', `The tag ${name} already exists.`)
  const tag: Tag = { name, description: text(fields, 'description') ?? '', owner: account.main }
  for (const server of tagServers(call, fields) ?? []) server.tags.push(name)
  world.tags.set(tagKey(account.main, name), tag)
  return ok({ tag: tagView(call, tag) })
}

export const getTag = (call: Call): Answer => ok({ tag: tagView(call, tagFor(call, param(call, 'name'))) })

export function modifyTag(call: Call): Answer {
  const { world, account } = call
  const tag = tagFor(call, param(call, 'name'))
  const fields = unwrap(call.body, 'tag', ['name', 'description', 'servers'])
  const before = tag.name
  const next = text(fields, 'name') ?? before
  const servers = tagServers(call, fields)
  for (const server of world.servers.values()) {
    if (server.owner !== account.main) continue
    const keeps = servers ? servers.includes(server) : server.tags.includes(before)
    server.tags = [...server.tags.filter(one => one !== before), ...(keeps ? [next] : [])]
  }
  world.tags.delete(tagKey(account.main, before))
  tag.name = next
  tag.description = text(fields, 'description') ?? tag.description
  world.tags.set(tagKey(account.main, next), tag)
  return ok({ tag: tagView(call, tag) })
}

export function deleteTag(call: Call): Answer {
  const { name } = tagFor(call, param(call, 'name'))
  call.world.tags.delete(tagKey(call.account.main, name))
  for (const server of call.world.servers.values()) if (server.owner === call.account.main) server.tags = server.tags.filter(one => one !== name)
  return noContent
}
