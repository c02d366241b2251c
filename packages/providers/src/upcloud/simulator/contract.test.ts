import type { Json } from '@yardmaster/domain'
import { afterEach, describe, expect, test } from 'vitest'
import { at, debian11, debian12, serverBody, simulatedCloud, type SimulatedCloud } from '../../testing/simulator-client.js'
import type { SimulatorOptions } from './index.js'

let clouds: SimulatedCloud[] = []
afterEach(async () => {
  await Promise.all(clouds.map(({ simulator }) => simulator.close()))
  clouds = []
})

async function cloud(options: Partial<SimulatorOptions> = {}): Promise<SimulatedCloud> {
  const one = await simulatedCloud(options)
  clouds.push(one)
  return one
}

const second = 1000
const longestBoot = 134 * second

/** Types by key, the way recorded answers are compared: an array by its first item. */
function shape(value: Json | undefined): Json {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])]
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, shape(member)]))
}

const codeOf = (body: { [key: string]: Json }) => at(body, 'error.error_code')

const recordedInterface = {
  bootable: 'string', index: 'number', ip_addresses: { ip_address: [{ address: 'string', dhcp_provided: 'string', family: 'string', floating: 'string' }] }, mac: 'string', network: 'string',
  source_ip_filtering: 'string', type: 'string',
}
const recordedServer = {
  boot_order: 'string', core_number: 'string', created: 'number', firewall: 'string', hostname: 'string', labels: { label: [{ key: 'string', value: 'string' }] }, license: 'number', memory_amount: 'string',
  metadata: 'string', networking: { interfaces: { interface: [recordedInterface] } }, nic_model: 'string', plan: 'string', plan_ipv4_bytes: 'string', plan_ipv6_bytes: 'string', remote_access_enabled: 'string',
  remote_access_password: 'string', remote_access_type: 'string', server_group: 'null', simple_backup: 'string', state: 'string', tags: { tag: [] }, timezone: 'string', title: 'string', uuid: 'string',
  video_model: 'string', zone: 'string',
}
const recordedListItem = {
  core_number: 'string', created: 'number', host: 'number', hostname: 'string', labels: { label: [{ key: 'string', value: 'string' }] }, license: 'number', memory_amount: 'string', plan: 'string',
  plan_ipv4_bytes: 'string', plan_ipv6_bytes: 'string', server_group: 'null', simple_backup: 'string', state: 'string', tags: { tag: [] }, title: 'string', uuid: 'string', zone: 'string',
}

describe('answers are shaped as recorded ones', () => {
  test('a server, from its creation to its deletion', async () => {
    const { call, create, server, simulator } = await cloud()
    const labels = { label: [{ key: 'managedBy', value: 'test' }] }
    const { status, headers, text, body } = await call('POST', '/server', serverBody({ labels }))
    expect(status).toBe(202)
    expect(headers.get('content-type')).toBe('application/json; charset=UTF-8')
    expect(headers.get('server')).toBe('Apache')
    expect(headers.get('strict-transport-security')).toBe('max-age=63072000')
    expect(headers.get('upcloud-cid')).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(text).toMatch(/^\{\n {3}"server" : \{\n {6}"boot_order" : "disk",\n/)
    expect(shape(body['server'])).toMatchObject({ ...recordedServer, progress: 'string', username: 'string' })
    expect(body['server']).not.toHaveProperty('host')
    const uuid = String(at(body, 'server.uuid'))
    expect(uuid).toMatch(/^00/)
    expect(at(body, 'server.storage_devices.storage_device.0')).toMatchObject({ address: 'virtio:0', boot_disk: '0', storage_size: 10, storage_tier: 'maxiops', storage_title: 'disk', type: 'disk' })
    expect(at(body, 'server.storage_devices.storage_device.0.storage')).toMatch(/^01/)

    await simulator.advance(longestBoot)
    expect(shape(await server(uuid))).toMatchObject({ ...recordedServer, host: 'number' })
    for (const secret of ['password', 'username', 'progress']) expect(await server(uuid)).not.toHaveProperty(secret)
    const other = await create({ title: 'two', labels: { label: [{ key: 'managedBy', value: 'other' }] } })
    await simulator.advance(longestBoot)
    const list = await call('GET', '/server/?label=managedBy&label=managedBy%3Dtest')
    expect(at(list.body, 'servers.server')).toHaveLength(1)
    expect(shape(at(list.body, 'servers.server.0'))).toEqual(recordedListItem)
    expect(list.headers.get('upcloud-total-count')).toBe('1')
    expect(at((await call('GET', '/server?label=managedBy')).body, 'servers.server')).toHaveLength(2)
    expect(at((await call('GET', '/server?limit=1&offset=1')).body, 'servers.server.0.uuid')).toBe(other)

    const stop = await call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard', timeout: '900' } })
    expect([stop.status, at(stop.body, 'server.state')]).toEqual([200, 'started'])
    await simulator.advance(35 * second)
    expect(await server(uuid)).toMatchObject({ state: 'stopped' })
    expect(await server(uuid)).not.toHaveProperty('host')
    const gone = await call('DELETE', `/server/${uuid}/?storages=1`)
    expect([gone.status, gone.text, gone.headers.get('content-type')]).toEqual([204, '', null])
    const after = await call('GET', `/server/${uuid}`)
    expect([after.status, after.body]).toEqual([404, { error: { error_code: 'SERVER_NOT_FOUND', error_message: `The server ${uuid} does not exist.` } }])
    expect(at((await call('GET', '/storage/private')).body, 'storages.storage')).toHaveLength(1)
  })

  test('a restart shows maintenance after a while, and then started', async () => {
    const { call, create, server, simulator } = await cloud()
    const uuid = await create()
    await simulator.advance(longestBoot)
    const restart = await call('POST', `/server/${uuid}/restart`, { restart_server: { stop_type: 'hard', timeout: '900', timeout_action: 'ignore' } })
    expect([restart.status, at(restart.body, 'server.state')]).toEqual([200, 'started'])
    await simulator.advance(7 * second)
    expect(await server(uuid)).toMatchObject({ state: 'maintenance' })
    await simulator.advance(16 * second)
    expect(await server(uuid)).toMatchObject({ state: 'started' })
  })

  test('storages: bare labels, one segment of a kind, copies that take their time', async () => {
    const { call, simulator } = await cloud()
    const made = await call('POST', '/storage', { storage: { size: '10', tier: 'maxiops', title: 'Test storage', zone: 'fi-hel2', labels: [{ key: 'color', value: 'green' }], backup_rule: { interval: 'daily', time: '0430', retention: '30' } } })
    expect(made.status).toBe(201)
    expect(made.body['storage']).toMatchObject({ access: 'private', backup_rule: { interval: 'daily', retention: '30', time: '0430' }, backups: { backup: [] }, labels: [{ key: 'color', value: 'green' }], license: 0, servers: { server: [] }, size: 10, state: 'online', type: 'normal' })
    expect(at(made.body, 'storage.created')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const uuid = String(at(made.body, 'storage.uuid'))
    expect(at((await call('GET', '/storage?label=color%3Dgreen')).body, 'storages.storage')).toHaveLength(1)
    expect(at((await call('GET', '/storage?label=color%3Dred')).body, 'storages.storage')).toHaveLength(0)
    const templates = await call('GET', '/storage/template')
    expect(at(templates.body, 'storages.storage')).toContainEqual(expect.objectContaining({ access: 'public', title: 'Debian GNU/Linux 12 (Bookworm)', type: 'template', template_type: 'cloud-init', uuid: debian12, size: 10, encrypted: 'no', labels: [], license: 0, state: 'online' }))
    expect((await call('GET', '/storage/public/template')).status).toBe(404)
    expect((await call('PUT', `/storage/${uuid}`, { storage: { labels: [] } })).status).toBe(202)
    const clone = await call('POST', `/storage/${uuid}/clone`, { storage: { zone: 'fi-hel2', tier: 'maxiops', title: 'Cloned storage' } })
    expect([clone.status, at(clone.body, 'storage.state'), at(clone.body, 'storage.progress')]).toEqual([201, 'maintenance', '0'])
    await simulator.advance(17 * second)
    expect(at((await call('GET', `/storage/${String(at(clone.body, 'storage.uuid'))}`)).body, 'storage.state')).toBe('online')
    expect((await call('DELETE', `/storage/${uuid}?backups=delete`)).status).toBe(204)
    expect(codeOf((await call('GET', `/storage/${uuid}`)).body)).toBe('STORAGE_NOT_FOUND')
  })

  test('a warm image: a stopped server\'s disk becomes a template that boots', async () => {
    const { call, create, server, simulator } = await cloud()
    const uuid = await create()
    await simulator.advance(longestBoot)
    const disk = String(at(await server(uuid), 'storage_devices.storage_device.0.storage'))
    expect(codeOf((await call('POST', `/storage/${disk}/templatize`, { storage: { title: 'warm' } })).body)).toBe('SERVER_STATE_ILLEGAL')
    await call('POST', `/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })
    await simulator.advance(35 * second)
    const template = await call('POST', `/storage/${disk}/templatize`, { storage: { title: 'warm' } })
    expect([template.status, at(template.body, 'storage.type'), at(template.body, 'storage.state'), at(template.body, 'storage.template_type')]).toEqual([201, 'template', 'maintenance', 'cloud-init'])
    await simulator.advance(17 * second)
    const clone = { action: 'clone', storage: at(template.body, 'storage.uuid') ?? null, title: 'disk', size: 10, tier: 'maxiops' }
    expect((await call('POST', '/server', serverBody({ metadata: 'no', storage_devices: { storage_device: [clone] } }))).status).toBe(409)
    await create({ storage_devices: { storage_device: [clone] } })
  })

  test('the catalogue has numbers where plans have them, and strings where sizes do', async () => {
    const { call } = await cloud()
    expect(at((await call('GET', '/plan')).body, 'plans.plan')).toContainEqual({ core_number: 1, memory_amount: 1024, name: '1xCPU-1GB', public_traffic_out: 1024, storage_size: 25, storage_tier: 'maxiops' })
    expect(at((await call('GET', '/zone')).body, 'zones.zone')).toContainEqual({ description: 'Helsinki #1', id: 'fi-hel1', public: 'yes' })
    const prices = at((await call('GET', '/price')).body, 'prices.zone')
    expect(prices).toContainEqual(expect.objectContaining({ name: 'de-fra1', 'server_plan_2xCPU-4GB': { amount: 1, price: 2.9761 }, server_memory: { amount: 256, price: 0.14 }, ipv4_address: { amount: 1, price: 0.336 } }))
    expect(prices).toContainEqual(expect.objectContaining({ name: 'fi-hel2', 'server_plan_1xCPU-1GB': { amount: 1, price: 1.116 } }))
    expect(at((await call('GET', '/server_size')).body, 'server_sizes.server_size.0')).toEqual({ core_number: '1', memory_amount: '1024' })
    expect(at((await call('GET', '/timezone')).body, 'timezones.timezone')).toContain('Europe/Helsinki')
    expect(shape((await call('GET', '/account')).body['account'])).toMatchObject({ credits: 'number', username: 'string', resource_limits: { cores: 'number', memory: 'number', storage_maxiops: 'number', public_ipv4: 'number' } })
  })
})

describe('who may', () => {
  const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`

  test('both kinds of authentication, and neither', async () => {
    const { call } = await cloud()
    expect((await call('GET', '/account', undefined, basic('simulator', 'simulator'))).status).toBe(200)
    for (const wrong of [null, basic('simulator', 'wrong'), 'Bearer ucat_WRONG', 'Digest x']) {
      const { status, body } = await call('GET', '/account', undefined, wrong)
      expect([status, codeOf(body)]).toEqual([401, 'AUTHENTICATION_FAILED'])
    }
  })

  test('a token ends with its time, and counts only from where it may be used', async () => {
    const { call, simulator } = await cloud()
    const inDays = (days: number) => new Date(simulator.now() + days * 86_400_000).toISOString()
    const made = await call('POST', '/account/tokens', { name: 'one', expires_at: inDays(1), can_create_tokens: false, allowed_ip_ranges: ['127.0.0.0/8', '::1/128'] })
    expect([made.status, made.headers.get('content-type')]).toEqual([201, 'application/json'])
    expect(made.body).toMatchObject({ name: 'one', gui: false, type: 'workspace', can_create_tokens: false })
    const token = `Bearer ${String(made.body['token'])}`
    expect(token).toMatch(/^Bearer ucat_/)
    expect((await call('GET', '/account', undefined, token)).status).toBe(200)
    const list = (await call('GET', '/account/tokens')).body['list']
    expect(list).toContainEqual(expect.objectContaining({ name: 'one', last_used_at: expect.any(String) }))
    expect(JSON.stringify(list)).not.toContain(String(made.body['token']))
    const far = await call('POST', '/account/tokens', { name: 'far', expires_at: inDays(1), can_create_tokens: false, allowed_ip_ranges: ['10.0.0.0/8'] })
    expect((await call('GET', '/account', undefined, `Bearer ${String(far.body['token'])}`)).status).toBe(401)
    await simulator.advance(86_400_000)
    expect((await call('GET', '/account', undefined, token)).status).toBe(401)
  })

  test('a sub-account sees what it made and what it was given', async () => {
    const { call, create } = await cloud({ accounts: [
      { username: 'main', password: 'm', tokens: [{ token: 'ucat_SIMULATOR' }] },
      { username: 'ci', password: 'c', mainAccount: 'main', allowGui: false },
      { username: 'panel', password: 'p', mainAccount: 'main', allowApi: false },
      { username: 'other', password: 'o' },
    ] })
    const ci = basic('ci', 'c')
    const mains = await create({ title: 'of main' })
    const own = await call('POST', '/server', serverBody({ title: 'of ci' }), ci)
    const titles = async (who?: string) => (at((await call('GET', '/server', undefined, who)).body, 'servers.server') as { title: string }[]).map(({ title }) => title)
    expect(await titles(ci)).toEqual(['of ci'])
    expect(await titles()).toEqual(['of ci', 'of main'])
    expect(await titles(basic('other', 'o'))).toEqual([])
    expect(codeOf((await call('GET', `/server/${mains}`, undefined, ci)).body)).toBe('SERVER_FORBIDDEN')
    expect(codeOf((await call('GET', `/server/${String(at(own.body, 'server.uuid'))}`, undefined, basic('other', 'o'))).body)).toBe('SERVER_NOT_FOUND')
    expect((await call('GET', '/account', undefined, basic('panel', 'p'))).status).toBe(403)
    expect((await call('GET', '/account/details/ci', undefined, ci)).body['account']).toMatchObject({ type: 'sub', main_account: 'main', allow_gui: 'no', allow_api: 'yes', currency: 'EUR' })
  })
})

const clone = (overrides: { [key: string]: Json } = {}) => ({ storage_devices: { storage_device: [{ action: 'clone', storage: debian12, title: 'disk', size: 10, tier: 'maxiops', ...overrides }] } })

describe('what is refused, and how', () => {
  test.each<[string, Json, number, string]>([
    ['a cloud-init image without metadata', serverBody({ metadata: 'no' }), 409, 'METADATA_DISABLED_ON_CLOUD-INIT'],
    ['metadata as a boolean', serverBody({ metadata: true }), 400, 'METADATA_INVALID'],
    ['a password on a cloud-init image', serverBody({ login_user: { create_password: 'yes' } }), 409, 'CAN_NOT_CREATE_PASSWORD_FOR_THE_SELECTED_DISTRIBUTION'],
    ['a disk smaller than the image', serverBody(clone({ size: 5 })), 400, 'SIZE_INVALID'],
    ['an image that is not there', serverBody(clone({ storage: '01ffffff-0000-4000-8000-000000000000' })), 404, 'STORAGE_NOT_FOUND'],
    ['an image that is no UUID', serverBody(clone({ storage: 'Debian' })), 400, 'STORAGE_INVALID'],
    ['a tier that is not there', serverBody(clone({ tier: 'floppy' })), 400, 'TIER_INVALID'],
    ['a zone that is not there', serverBody({ zone: 'no-such1' }), 404, 'ZONE_NOT_FOUND'],
    ['a plan that is not there', serverBody({ plan: '99xCPU-1GB' }), 400, 'PLAN_INVALID'],
    ['half a gibibyte', serverBody({ plan: 'custom', core_number: 1, memory_amount: 512 }), 400, 'CORE_MEMORY_UNSUPPORTED'],
    ['cores that the plan has not', serverBody({ core_number: 2 }), 400, 'PLAN_CORE_NUMBER_ILLEGAL'],
    ['a host name with an underscore', serverBody({ hostname: 'a_b' }), 400, 'HOSTNAME_INVALID'],
    ['no title', serverBody({ title: null }), 400, 'TITLE_MISSING'],
    ['an attribute that nobody knows', serverBody({ colour: 'red' }), 400, 'UNKNOWN_ATTRIBUTE'],
    ['another wrapper', { machine: {} }, 400, 'UNKNOWN_ATTRIBUTE'],
    ['a label that is reserved', serverBody({ labels: { label: [{ key: '_os', value: 'x' }] } }), 400, 'INVALID_LABEL_KEY'],
    ['a label of one letter', serverBody({ labels: { label: [{ key: 'a', value: 'x' }] } }), 400, 'INVALID_LABEL_KEY'],
    ['a label whose value is too long', serverBody({ labels: { label: [{ key: 'aa', value: 'x'.repeat(256) }] } }), 400, 'INVALID_LABEL_VALUE'],
    ['a label twice', serverBody({ labels: { label: [{ key: 'aa', value: 'x' }, { key: 'aa', value: 'y' }] } }), 400, 'DUPLICATE_LABEL_KEYS'],
    ['a private network that is not there', serverBody({ networking: { interfaces: { interface: [{ type: 'private', network: '03ffffff-0000-4000-8000-000000000000' }] } } }), 404, 'NETWORK_NOT_FOUND'],
  ])('%s', async (_name, body, status, code) => {
    const { call, simulator } = await cloud()
    const answer = await call('POST', '/server', body)
    expect([answer.status, codeOf(answer.body)]).toEqual([status, code])
    expect(simulator.state()).toMatchObject({ servers: [], storages: [] })
  })

  test('a native image needs no metadata, and its password is told once', async () => {
    const { call, server } = await cloud()
    const { status, body } = await call('POST', '/server', serverBody({ metadata: 'no', ...clone({ storage: debian11 }) }))
    expect(status).toBe(202)
    expect(at(body, 'server.password')).toMatch(/^\w{16}$/)
    expect(await server(String(at(body, 'server.uuid')))).not.toHaveProperty('password')
  })

  test('power by state, and by its wrapper', async () => {
    const { call, create, simulator } = await cloud()
    const uuid = await create()
    const refused = async (path: string, body: Json, method = 'POST') => {
      const answer = await call(method, path, body)
      return [answer.status, codeOf(answer.body)]
    }
    expect(await refused(`/server/${uuid}/stop`, { stop_server: { stop_type: 'hard' } })).toEqual([409, 'SERVER_STATE_ILLEGAL'])
    expect(await refused(`/server/${uuid}`, { server: { title: 'x' } }, 'PUT')).toEqual([409, 'SERVER_STATE_ILLEGAL'])
    await simulator.advance(longestBoot)
    expect(await refused(`/server/${uuid}/start`, { server: {} })).toEqual([409, 'SERVER_STATE_ILLEGAL'])
    expect(await refused(`/server/${uuid}/stop`, { server: { stop_type: 'hard' } })).toEqual([400, 'UNKNOWN_ATTRIBUTE'])
    expect((await call('DELETE', `/server/${uuid}`)).status).toBe(409)
    expect(await refused('/server/invalid/start', { server: {} })).toEqual([400, 'SERVER_INVALID'])
    expect(await refused('/server', {}, 'PATCH')).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect((await call('GET', '/nothing')).status).toBe(404)
  })

  test('quotas, credits, the limit of servers in the making, and room in a zone', async () => {
    const limits = { cores: 3, memory: 8192, storage_maxiops: 25, public_ipv4: 3 }
    const refusal = async (options: Partial<SimulatorOptions>, body = serverBody(), before = 1) => {
      const { call, create } = await cloud(options)
      for (let made = 0; made < before; made++) await create()
      const answer = await call('POST', '/server', body)
      return [answer.status, codeOf(answer.body)]
    }
    const account = { username: 'simulator', password: 'simulator', tokens: [{ token: 'ucat_SIMULATOR' }] }
    const limited = (resourceLimits: { [name: string]: number }) => ({ accounts: [{ ...account, resourceLimits }] })
    expect(await refusal(limited(limits), serverBody({ plan: '4xCPU-8GB' }))).toEqual([403, 'SERVER_CORE_LIMIT_REACHED'])
    expect(await refusal(limited({ ...limits, memory: 1500 }))).toEqual([403, 'SERVER_MEMORY_LIMIT_REACHED'])
    expect(await refusal(limited(limits), serverBody(), 2)).toEqual([403, 'MAXIOPS_STORAGE_LIMIT_REACHED'])
    expect(await refusal(limited({ ...limits, public_ipv4: 1 }))).toEqual([403, 'PUBLIC_IPV4_LIMIT_REACHED'])
    expect(await refusal({ accounts: [{ ...account, creatingLimit: 1 }] })).toEqual([403, 'SERVER_CREATING_LIMIT_REACHED'])
    expect(await refusal({ accounts: [{ ...account, credits: 0.5 }] })).toEqual([402, 'INSUFFICIENT_CREDITS'])
    expect(await refusal({ capacity: [{ zone: 'de-fra1', plan: '*', servers: 1 }] })).toEqual([409, 'SERVER_RESOURCES_UNAVAILABLE'])
    expect(await refusal({ capacity: [{ zone: 'de-fra1', plan: '1xCPU-1GB', servers: 1 }] }, serverBody({ plan: '1xCPU-2GB' }))).toEqual([202, undefined])
  })
})
