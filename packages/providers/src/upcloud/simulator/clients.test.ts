import { createHash } from 'node:crypto'
import type { Json } from '@yardmaster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { at, serverBody, simulatedCloud, type SimulatedCloud } from '../../testing/simulator-client.js'

// What official clients (Go and Python SDK, upctl, Terraform) ask for besides servers and disks, in the bodies that they send.

let cloud: SimulatedCloud
beforeEach(async () => { cloud = await simulatedCloud({ timeScale: 0 }) })
afterEach(() => cloud.simulator.close())

async function ok(method: string, path: string, body?: Json): Promise<Json> {
  const reply = await cloud.call(method, path, body)
  expect([path, reply.status < 300 ? 'done' : reply.text]).toEqual([path, 'done'])
  return reply.body
}

async function refused(method: string, path: string, body?: Json): Promise<unknown> {
  const reply = await cloud.call(method, path, body)
  return [reply.status, at(reply.body, 'error.error_code')]
}

async function stopped(): Promise<string> {
  const uuid = await cloud.create()
  await cloud.simulator.advance(1)
  cloud.simulator.powerOff(uuid)
  return uuid
}

test('what Buildbot\'s own driver asks for, word for word', async () => {
  const name = 'buildbot-w1-1a2b3c'
  const templates = at(await ok('GET', '/storage/template'), 'storages.storage') as { title: string; uuid: string }[]
  const image = templates.find(({ title }) => title === 'Debian GNU/Linux 11 (Bullseye)')?.uuid ?? ''
  const body = (storage: string) => ({
    server: {
      zone: 'de-fra1', title: name, hostname: 'w1', user_data: '', login_user: { username: 'root', ssh_keys: { ssh_key: [] } }, password_delivery: 'none',
      storage_devices: { storage_device: [{ action: 'clone', storage, title: name, size: 10, tier: 'maxiops' }] }, plan: '1xCPU-1GB',
    },
  })
  // It knows nothing of metadata, which all newer images need.
  expect(await refused('POST', '/server', body(templates.find(({ title }) => title.includes('Bookworm'))?.uuid ?? ''))).toEqual([409, 'METADATA_DISABLED_ON_CLOUD-INIT'])
  const made = await cloud.call('POST', '/server', body(image))
  expect([made.status, at(made.body, 'server.password')]).toEqual([202, expect.any(String)])
  const uuid = String(at(made.body, 'server.uuid'))
  await cloud.simulator.advance(1)
  expect((await cloud.server(uuid))['state']).toBe('started')
  await ok('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard', timeout: '1' } })
  await cloud.simulator.advance(1)
  await ok('DELETE', `/server/${uuid}?storages=1`)
  expect(cloud.simulator.state()).toMatchObject({ servers: [], storages: [] })
  for (const product of ['kubernetes', 'database', 'load-balancer', 'gateway', 'object-storage-2', 'file-storage']) expect((await cloud.call('GET', `/${product}`)).text).toBe('[]')
})

test('tags, and lists by them', async () => {
  const [one, two] = [await cloud.create({ title: 'one' }), await cloud.create({ title: 'two' })]
  expect(await refused('DELETE', '/tag/ci')).toEqual([404, 'TAG_NOT_FOUND'])
  expect(await ok('POST', '/tag', { tag: { name: 'ci', description: 'x', servers: { server: [one] } } })).toEqual({ tag: { description: 'x', name: 'ci', servers: { server: [one] } } })
  await ok('POST', '/tag', { tag: { name: 'linux', servers: { server: null } } })
  expect(await refused('POST', '/tag', { tag: { name: 'ci' } })).toEqual([409, 'TAG_EXISTS'])
  await ok('POST', `/server/${two}/tag/ci,linux`)
  const titles = async (tags: string) => (at(await ok('GET', `/server/tag/${tags}`), 'servers.server') as { title: string }[]).map(({ title }) => title)
  expect([await titles('ci'), await titles('ci:linux'), await titles('linux,none')]).toEqual([['one', 'two'], ['two'], ['two']])
  await ok('PUT', '/tag/ci', { tag: { name: 'build' } })
  expect(at(await ok('POST', `/server/${two}/untag/linux`), 'server.tags')).toEqual({ tag: ['build'] })
  await ok('DELETE', '/tag/build')
  expect(at(await ok('GET', '/tag'), 'tags.tag')).toEqual([{ description: '', name: 'linux', servers: { server: [] } }])
})

test('networks, routers, interfaces and addresses', async () => {
  const uuid = await stopped()
  const router = String(at(await ok('POST', '/router', { router: { name: 'r' } }), 'router.uuid'))
  const range = { address: '172.16.0.0/22', dhcp: 'yes', dhcp_dns: ['172.16.0.10'], family: 'IPv4', gateway: '172.16.0.1', dhcp_routes_configuration: { effective_routes_auto_population: { enabled: 'no' } } }
  const made = await ok('POST', '/network/', { network: { name: 'n', zone: 'de-fra1', router, ip_networks: { ip_network: [range] } } })
  expect(at(made, 'network.ip_networks.ip_network.0')).toEqual(range)
  const network = String(at(made, 'network.uuid'))
  const added = await ok('POST', `/server/${uuid}/networking/interface`, { interface: { type: 'private', network, ip_addresses: { ip_address: [{ family: 'IPv4' }] } } })
  expect(at(added, 'interface')).toMatchObject({ index: 4, type: 'private', network })
  expect(at(added, 'interface.ip_addresses.ip_address.0.address')).toMatch(/^172\.16\.[0-3]\.\d+$/)
  expect(at(await cloud.server(uuid), 'ip_addresses.ip_address')).toHaveLength(3)
  expect(await refused('DELETE', `/network/${network}`)).toEqual([409, 'NETWORK_NOT_EMPTY'])
  expect(await refused('DELETE', `/router/${router}`)).toEqual([409, 'ROUTER_ATTACHED'])
  await ok('DELETE', `/server/${uuid}/networking/interface/4`)
  await ok('DELETE', `/network/${network}`)
  await ok('DELETE', `/router/${router}`)
  const address = String(at(await ok('POST', '/ip_address', { ip_address: { access: 'public', family: 'IPv4', server: uuid } }), 'ip_address.address'))
  expect(at(await ok('PATCH', `/ip_address/${address}`, { ip_address: { ptr_record: 'ci.example.com' } }), 'ip_address.ptr_record')).toBe('ci.example.com')
  await ok('DELETE', `/ip_address/${address}`)
  expect(await refused('GET', `/ip_address/${address}`)).toEqual([404, 'IP_ADDRESS_NOT_FOUND'])
})

test('only an address of IPv6, as it was asked for before there were interfaces; a private one alone is in no flat list', async () => {
  const old = await cloud.create({ ip_addresses: { ip_address: [{ access: 'public', family: 'IPv6' }] } })
  expect(at(await cloud.server(old), 'ip_addresses.ip_address')).toMatchObject([{ access: 'public', family: 'IPv6' }])
  const made = await ok('POST', '/network', { network: { name: 'n', zone: 'de-fra1', ip_networks: { ip_network: [{ address: '10.9.0.0/24', dhcp: 'yes', family: 'IPv4' }] } } })
  const sdn = await cloud.create({ networking: { interfaces: { interface: [{ type: 'private', network: at(made, 'network.uuid') ?? null, ip_addresses: { ip_address: [{ family: 'IPv4' }] } }] } } })
  expect(at(await cloud.server(sdn), 'ip_addresses.ip_address')).toEqual([])
})

test('a floating address goes from server to server, and outlives them', async () => {
  const [one, other] = [await cloud.create({ title: 'one' }), await cloud.create({ title: 'other' })]
  const macOf = async (uuid: string) => String(at(await cloud.server(uuid), 'networking.interfaces.interface.0.mac'))
  const made = await ok('POST', '/ip_address', { ip_address: { family: 'IPv4', floating: 'yes', mac: await macOf(one) } })
  const address = String(at(made, 'ip_address.address'))
  expect(at(made, 'ip_address')).toMatchObject({ access: 'public', floating: 'yes', server: one, zone: 'de-fra1' })
  const shown = async (uuid: string) => (at(await cloud.server(uuid), 'networking.interfaces.interface.0.ip_addresses.ip_address') as { address: string; floating: string }[]).filter(({ floating }) => floating === 'yes').map(found => found.address)
  expect([await shown(one), await shown(other)]).toEqual([[address], []])
  expect(at(await ok('PATCH', `/ip_address/${address}`, { ip_address: { mac: await macOf(other) } }), 'ip_address.server')).toBe(other)
  expect([await shown(one), await shown(other)]).toEqual([[], [address]])
  expect(at(await ok('PATCH', `/ip_address/${address}`, { ip_address: { mac: null } }), 'ip_address')).not.toHaveProperty('server')
  expect(await shown(other)).toEqual([])
  expect(await refused('PATCH', `/ip_address/${address}`, { ip_address: { mac: '00:00:00:00:00:00' } })).toEqual([400, 'MAC_INVALID'])
  await ok('DELETE', `/ip_address/${address}`)
})

test('an image is uploaded to where the import says, and an installation disc is loaded', async () => {
  const uuid = await stopped()
  const disk = String(at(await ok('POST', '/storage', { storage: { size: '10', tier: 'maxiops', title: 'd', zone: 'de-fra1' } }), 'storage.uuid'))
  const url = String(at(await ok('POST', `/storage/${disk}/import`, { storage_import: { source: 'direct_upload', source_location: '' } }), 'storage_import.direct_upload_url'))
  expect(at(await ok('GET', `/storage/${disk}/import`), 'storage_import')).toMatchObject({ source: 'direct_upload', state: 'prepared', read_bytes: 0 })
  const image = Buffer.alloc(5 * 1024 * 1024, 7)
  const sha256sum = createHash('sha256').update(image).digest('hex')
  const uploaded = await fetch(url, { method: 'PUT', body: image, headers: { 'content-type': 'application/octet-stream' } })
  expect([uploaded.status, await uploaded.json()]).toEqual([200, { written_bytes: image.length, md5sum: createHash('md5').update(image).digest('hex'), sha256sum }])
  await cloud.simulator.advance(1)
  expect(at(await ok('GET', `/storage/${disk}/import`), 'storage_import')).toMatchObject({ state: 'completed', read_bytes: image.length, sha256sum })
  expect((await fetch(url, { method: 'PUT', body: image })).status).toBe(404)
  const disc = String(at(await ok('GET', '/storage/cdrom'), 'storages.storage.0.uuid'))
  await ok('POST', `/server/${uuid}/storage/attach`, { storage_device: { type: 'cdrom' } })
  expect(at(await ok('POST', `/server/${uuid}/cdrom/load`, { storage_device: { storage: disc } }), 'server.storage_devices.storage_device.1')).toMatchObject({ type: 'cdrom', storage: disc })
  await ok('POST', `/server/${uuid}/cdrom/eject`)
})

test('firewall rules are counted from one', async () => {
  const uuid = await cloud.create()
  const path = `/server/${uuid}/firewall_rule`
  const rule = { action: 'accept', comment: 'ssh', destination_port_start: '22', destination_port_end: '22', direction: 'in', family: 'IPv4', protocol: 'tcp' }
  expect(at(await ok('POST', path, { firewall_rule: { ...rule, position: '1' } }), 'firewall_rule')).toMatchObject({ ...rule, position: '1', icmp_type: '', source_address_start: '' })
  await ok('PUT', path, { firewall_rules: { firewall_rule: [rule, { action: 'drop', direction: 'in' }] } })
  await ok('DELETE', `${path}/1`)
  expect(at(await ok('GET', path), 'firewall_rules.firewall_rule')).toMatchObject([{ action: 'drop', position: '1' }])
  expect(await refused('GET', `${path}/2`)).toEqual([404, 'FIREWALL_RULE_NOT_FOUND'])
})

test('server groups, and servers that are made in one', async () => {
  const group = String(at(await ok('POST', '/server-group', { server_group: { title: 'g', anti_affinity: 'strict', labels: { label: [{ key: 'kk', value: 'v' }] } } }), 'server_group.uuid'))
  const uuid = await cloud.create({ server_group: group })
  const members = async () => at(await ok('GET', `/server-group/${group}`), 'server_group.servers.server')
  expect([await members(), (await cloud.server(uuid))['server_group']]).toEqual([[uuid], group])
  await ok('DELETE', `/server-group/${group}/servers/${uuid}`)
  expect(await members()).toEqual([])
  await ok('POST', `/server-group/${group}/servers`, { server: { uuid } })
  expect(at(await ok('GET', '/server-group?label=kk%3Dv'), 'server_groups.server_group.0.anti_affinity_status')).toEqual([{ status: 'met', uuid }])
  await ok('DELETE', `/server-group/${group}`)
  expect((await cloud.server(uuid))['server_group']).toBeNull()
})

test('disks come, go, are imported and backed up', async () => {
  const uuid = await stopped()
  const disk = String(at(await ok('POST', '/storage', { storage: { size: 10, tier: 'maxiops', title: 'd', zone: 'de-fra1' } }), 'storage.uuid'))
  expect(at(await ok('POST', `/server/${uuid}/storage/attach`, { storage_device: { type: 'disk', address: 'scsi:0:0', storage: disk } }), 'server.storage_devices.storage_device.1.address')).toBe('scsi:0:0')
  expect(await refused('DELETE', `/storage/${disk}`)).toEqual([409, 'STORAGE_ATTACHED'])
  await ok('POST', `/server/${uuid}/storage/detach`, { storage_device: { address: 'scsi:0:0' } })
  expect(at(await ok('POST', `/storage/${disk}/import`, { storage_import: { source: 'http_import', source_location: 'http://example.com/x.iso' } }), 'storage_import.state')).toMatch(/prepared|completed/)
  await cloud.simulator.advance(1)
  expect(at(await ok('GET', `/storage/${disk}/import`), 'storage_import.state')).toBe('completed')
  const backup = String(at(await ok('POST', `/storage/${disk}/backup`, { storage: { title: 'b' } }), 'storage.uuid'))
  await cloud.simulator.advance(1)
  await ok('POST', `/storage/${backup}/restore`, { UUID: backup })
  expect(at(await ok('POST', `/storage/${disk}/resize`, { UUID: disk }), 'resize_backup')).toMatchObject({ type: 'backup', title: 'Resize Backup', origin: disk })
  await ok('DELETE', `/storage/${disk}?backups=delete`)
  expect(await refused('GET', `/storage/${backup}`)).toEqual([404, 'STORAGE_NOT_FOUND'])
  await ok('POST', `/server/${uuid}/storage/attach`, { storage_device: { type: 'cdrom' } })
  await ok('POST', `/server/${uuid}/cdrom/eject`, { ServerUUID: uuid })
  await ok('DELETE', `/server/${uuid}/?storages=1&backups=delete`)
})

test('sub-accounts, their permissions, and what the month cost', async () => {
  const account = { username: 'ci', password: 'secret', first_name: 'C', allow_api: 'yes', allow_gui: 'no', tag_access: { tag: null }, roles: { role: null }, server_access: { server: null }, storage_access: { storage: null }, network_access: { network: null } }
  await ok('POST', '/account/sub', { sub_account: account })
  const uuid = await cloud.create()
  const ci = `Basic ${Buffer.from('ci:secret').toString('base64')}`
  const seen = async () => at((await cloud.call('GET', '/server', undefined, ci)).body, 'servers.server')
  expect(await seen()).toEqual([])
  const permission = { target_identifier: '*', target_type: 'server', user: 'ci', options: { storage: 'yes' } }
  expect(await ok('POST', '/permission/grant', { permission })).toEqual({ permission })
  expect(await ok('GET', '/permission')).toEqual({ permissions: { permission: [permission] } })
  expect(await seen()).toHaveLength(1)
  await ok('POST', '/permission/revoke', { permission })
  expect(await seen()).toEqual([])
  await ok('PUT', '/account/sub/ci', { account: { allow_api: 'no' } })
  expect((await cloud.call('GET', '/account', undefined, ci)).status).toBe(403)
  await ok('DELETE', '/account/sub/ci')
  const month = new Date(cloud.simulator.now()).toISOString().slice(0, 7)
  expect(await ok('GET', `/account/billing/summary/${month}?`)).toMatchObject({ currency: 'EUR', total_amount: 0.00744, servers: { server: { resources: [{ resource_id: uuid, hours: 1, details: [{ plan: '1xCPU-1GB', zone: 'de-fra1' }] }] } } })
  expect(await ok('GET', '/device/availability')).toHaveProperty('de-fra1')
  expect(await ok('GET', '/host')).toEqual({ hosts: { host: [] } })
})

test('a server is moved to another zone with its disks, once it is stopped', async () => {
  const uuid = await cloud.create()
  await cloud.simulator.advance(1)
  expect(await refused('POST', `/server/${uuid}/relocate`, { zone: 'fi-hel1' })).toEqual([409, 'SERVER_STATE_ILLEGAL'])
  cloud.simulator.powerOff(uuid)
  expect(await refused('POST', `/server/${uuid}/relocate`, { zone: 'xx-nowhere' })).toEqual([404, 'ZONE_NOT_FOUND'])
  expect(at(await ok('POST', `/server/${uuid}/relocate`, { zone: 'fi-hel1' }), 'server')).toMatchObject({ zone: 'fi-hel1', state: 'stopped' })
  const disk = String(at(await cloud.server(uuid), 'storage_devices.storage_device.0.storage'))
  expect(at(await ok('GET', `/storage/${disk}`), 'storage.zone')).toBe('fi-hel1')
  expect(cloud.simulator.bill().lines.filter(({ resource, to }) => resource === uuid && to === null)).toMatchObject([{ zone: 'fi-hel1' }])
})

test('of a network\'s range what is said is changed, null takes it away, and the rest stays', async () => {
  const range = { address: '172.16.0.0/22', dhcp: 'yes', dhcp_dns: ['172.16.0.10'], family: 'IPv4', gateway: '172.16.0.1' }
  const uuid = String(at(await ok('POST', '/network/', { network: { name: 'n', zone: 'de-fra1', ip_networks: { ip_network: [range] } } }), 'network.uuid'))
  const after = await ok('PUT', `/network/${uuid}`, { network: { ip_networks: { ip_network: [{ family: 'IPv4', dhcp: 'no', gateway: null }] } } })
  expect(at(after, 'network.ip_networks.ip_network')).toEqual([{ address: '172.16.0.0/22', dhcp: 'no', dhcp_dns: ['172.16.0.10'], family: 'IPv4' }])
})

test('a page in a browser gets nothing made, and a path that is no text is none', async () => {
  const made = await fetch(`${cloud.simulator.url}/1.3/server`, {
    method: 'POST', headers: { origin: 'http://evil.example', authorization: 'Bearer ucat_SIMULATOR', 'content-type': 'text/plain' }, body: JSON.stringify(serverBody()),
  })
  expect([made.status, cloud.simulator.state().servers]).toEqual([403, []])
  expect((await fetch(`${cloud.simulator.url}/simulator/speed`, { method: 'POST', headers: { origin: 'null' }, body: '{"speed":9}' })).status).toBe(403)
  expect(await refused('GET', '/server/%E0%A4')).toEqual([404, 'NOT_FOUND'])
})
