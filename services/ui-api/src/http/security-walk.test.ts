import { transaction } from '@yardmaster/db'
import { controlActions, globPattern, noConditions, wwwDefaults, type AllowRule, type WwwConfig } from '@yardmaster/domain'
import { allRoutes, type Route } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { aBuilder, aConfiguration, aGitPoller, aWorker } from '../../../../test/kit/installation.js'
import { controls } from '../do/controls.js'
import { startApi, type TestApi } from '../testing/api.js'
import { connectWorker, request, start } from '../testing/builds.js'
import { aToken, bearer } from '../testing/tokens.js'
import { endpoints } from './resources/index.js'

const rule = (more: Partial<AllowRule>): AllowRule => ({ ...noConditions, call: 'authz.control', of: 'control', subject: { kind: 'role', role: globPattern('admins') }, defaultDeny: true, ...more })
const signIn: Partial<WwwConfig> = { auth: { kind: 'users', users: { alice: 'one', bob: 'two', carol: 'three' } } }
const authz: WwwConfig['authz'] = { roleMatchers: [{ kind: 'fromUsername', roles: ['admins'], usernames: ['alice'] }], rules: [rule({})] }
const configuration = (www: Partial<WwwConfig>) => aConfiguration({
  workers: [aWorker('w1')], builders: [aBuilder('b1'), aBuilder('b2')], changeSources: [aGitPoller('https://git.example.org/hello.git')],
  schedulers: [{ kind: 'force', name: 'force', builders: ['b1', 'b2'], codebases: [], parameters: [], label: 'force', buttonName: 'force', reason: '' } as never],
  www: { ...wwwDefaults, ...signIn, ...www },
})

let api: TestApi
let ids: { build: number; request: number; worker: number; scheduler: number; token: number }
beforeAll(async () => {
  api = await startApi(configuration({ authz }))
  const asked = await request(api, 'b1')
  const build = await start(api, asked, { worker: await connectWorker(api, 'w1') })
  const waiting = await request(api, 'b1')
  const { rows: [scheduler] } = await api.db.pool.query<{ id: number }>("SELECT id FROM schedulers WHERE name = 'force'")
  await aToken(api, 'carol', ['read'])
  const { rows: [token] } = await api.db.pool.query<{ id: number }>("SELECT id FROM api_tokens WHERE username = 'carol'")
  ids = { build: build.buildId, request: waiting.requestId, worker: build.workerId, scheduler: scheduler!.id, token: token!.id }
})
afterAll(() => api?.close())
const reload = (www: Partial<WwwConfig>) => api.setGeneration({ id: api.generationId, configuration: configuration(www) })

type Call = { name: string; method: string; path: string; body: string | undefined }

/** Every control of v2, of things that are there. */
const v2Calls = (): Call[] => controls.flatMap(({ path, actions }) => Object.keys(actions).map(method => ({
  name: `v2 ${path} ${method}`, method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { owner: 'alice', reason: 'x\0\ny', priority: 1, enabled: false } }),
  path: `/api/v2${path.replaceAll(/:(\w+)/g, (_, name: string) => String({ scheduler: 'force', buildid: ids.build, builder: 'b1', number: 1, buildrequestid: ids.request, worker: 'w1', schedulerid: ids.scheduler }[name] ?? `no ${name}`))}`,
})))

/** What is said to act is served so: each route that does not only read has its right. `open`: who may is not for the rules to say. */
const open = ['plan', 'getForceForm', 'try', 'createToken']
const acts = (): Route[] => allRoutes.filter(({ method, action }) => method !== 'get' || action !== null)
const yardCalls = (): Call[] => acts().filter(({ name }) => !open.includes(name)).map(({ name, method, path }) => ({
  name: `yard ${name}`, method: method.toUpperCase(), body: method === 'delete' ? undefined : JSON.stringify(bodies[name] ?? {}),
  path: `/api/yard/v1${path.replaceAll(/\{(\w+)\}/g, (_, key: string) => String({ build: ids.build, buildrequest: ids.request, buildset: 1, worker: 'w1', scheduler: 'force', replica: api.replicaId, token: ids.token, source: 1 }[key] ?? 1))}`,
}))
const bodies: { [name: string]: object } = { setPriority: { priority: 3 } }

const send = async ({ method, path, body }: Omit<Call, 'name'>, headers: { [name: string]: string } = {}) => {
  const response = await fetch(`${api.url}${path}`, { method, headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, ...(body !== undefined && { body }) })
  return { status: response.status, text: await response.text() }
}

/** Of all tables but those that are written because somebody asked. */
async function everything(): Promise<string> {
  const { rows: tables } = await api.db.pool.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('control_actions', 'replicas', 'duties', 'outbox', '_prisma_migrations') ORDER BY 1`)
  const sums = await Promise.all(tables.map(async ({ name }) => (await api.db.pool.query<{ sum: string }>(`SELECT '${name} ' || coalesce(md5(string_agg(r::text, '|' ORDER BY r::text)), '') AS sum FROM (SELECT ${name === 'api_tokens' ? 'id, revoked_at' : '*'} FROM "${name}") r`)).rows[0]?.sum))
  return sums.join('\n')
}

async function refusedEach(headers: { [name: string]: string }, statuses: number[]): Promise<void> {
  const before = await everything()
  const calls = [...v2Calls(), ...yardCalls()]
  const wrong = []
  for (const call of calls) {
    const { status, text } = await send(call, headers)
    // Of a thing that there is none of, nothing is to be had either; what it is called is no secret where reading is open.
    if (!statuses.includes(status) && status !== 404) wrong.push([call.name, status, text])
  }
  expect(wrong).toEqual([])
  expect(await everything()).toBe(before)
}

it('what can be done is known to the rules by a name', () => {
  expect(acts().filter(({ action, name }) => action === null && !open.includes(name)).map(({ name }) => name)).toEqual([])
  const named = [...controls.flatMap(({ actions }) => Object.keys(actions)), ...acts().flatMap(({ action }) => action?.action ?? [])]
  expect(named.filter(name => ![...controlActions, 'createToken', 'revokeToken'].includes(name))).toEqual([])
  expect(named).toEqual(expect.arrayContaining(['force', 'stop', 'drain', 'pause', 'enable']))
})

it('who has not signed in is refused every control', () => refusedEach({}, [401, 403]))

it('nor is what he sends kept in memory, however long a form may be', async () => {
  const form = { method: 'POST', path: '/api/v2/forceschedulers/force', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'force', params: { reason: 'x'.repeat(2 ** 21) } }) }
  expect([(await send(form)).status, (await send(form, bearer(await aToken(api, 'bob', ['control'])))).status]).toEqual([413, 403])
})

it('so is a user without the right', async () => refusedEach(bearer(await aToken(api, 'bob', ['read', 'control'])), [403]))

it('so is a token without the scope, though its user may', async () => refusedEach(bearer(await aToken(api, 'alice', ['read', 'frobnicate'])), [403]))

it('so is one that is limited to another builder', async () => {
  const token = bearer(await aToken(api, 'alice', ['control', 'builder:other-*']))
  await refusedEach(token, [403])
})

it('what was refused is kept, within bounds', async () => {
  const { rows } = await api.db.pool.query<{ outcome: string; address: string; note: string }>("SELECT outcome, address, note FROM control_actions WHERE outcome = 'refused'")
  expect(rows.length).toBeGreaterThan(20)
  expect(rows.length).toBeLessThanOrEqual(200)
  expect(rows[0]).toMatchObject({ address: expect.stringMatching(/127\.0\.0\.1/), note: expect.stringContaining('you may not') })
  // Who has one IPv6 address has all of its network.
  await send({ method: 'POST', path: '/api/yard/v1/workers/w1/pause', body: '{}' }, { 'x-forwarded-for': '2001:db8:1:2::a' })
  expect((await api.db.pool.query("SELECT address FROM control_actions WHERE outcome = 'refused' ORDER BY id DESC LIMIT 1")).rows).toEqual([{ address: '2001:db8:1:2::/64' }])
})

it('with the right it works: nobody is refused, and what is done is recorded', async () => {
  const token = bearer(await aToken(api, 'alice', ['read', 'control']))
  const wrong = []
  // What ends the build comes last.
  for (const call of [...v2Calls(), ...yardCalls()].filter(({ name }) => !/kill|stop|cancel|revoke/i.test(name))) {
    const { status, text } = await send(call, token)
    if ([401, 403].includes(status) || status >= 500 && !text.includes('-3260')) wrong.push([call.name, status, text])
  }
  expect(wrong).toEqual([])
  const { rows } = await api.db.pool.query<{ actor: string; username: string; via: string }>("SELECT DISTINCT left(actor, 12) AS actor, username, via FROM control_actions WHERE outcome = 'done'")
  expect(rows).toEqual([{ actor: 'token:alice/', username: 'alice', via: 'token' }])
})

it('a force of several builders needs the right on each', async () => {
  reload({ authz: { roleMatchers: [], rules: [rule({ actions: [globPattern('force')], builder: globPattern('b2'), subject: { kind: 'role', role: globPattern('nobody') } }), rule({ subject: { kind: 'signedIn' } })] } })
  const token = bearer(await aToken(api, 'bob', ['control']))
  const force = async (params: object) => (await send({ method: 'POST', path: '/api/v2/forceschedulers/force', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'force', params }) }, token)).status
  expect(await force({ builderNames: ['b1', 'b2'] })).toBe(403)
  expect(await force({})).toBe(403)
  expect(await force({ builderNames: 'b2' })).toBe(403)
  expect(await force({ builderid: await idOf('b2') })).toBe(403)
  expect(await force({ builderNames: ['b1'] })).not.toBe(403)
})
const idOf = async (builder: string): Promise<number> => (await api.db.pool.query<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])).rows[0]!.id

it('rights change with the configuration, at once', async () => {
  const token = bearer(await aToken(api, 'bob', ['control']))
  const pause = async () => (await send({ method: 'POST', path: '/api/yard/v1/workers/w1/pause', body: '{}' }, token)).status
  reload({ authz })
  expect(await pause()).toBe(403)
  reload({ authz: { ...authz, roleMatchers: [{ kind: 'fromUsername', roles: ['admins'], usernames: ['bob'] }] } })
  expect(await pause()).toBe(200)
  reload({ authz })
  expect(await pause()).toBe(403)
})

it('with reading closed, nothing is read without a right to', async () => {
  reload({ authz, reading: 'closed' })
  const paths = [
    ...endpoints.map(({ path }) => `/api/v2${path.replaceAll(/:\w+/g, '1')}`), '/api/v2/logs/1/raw', '/api/v2/logs/1/raw_inline', '/api/v2/application.spec', '/api/v2', '/api/v2/', '/api', '/api/latest/builds',
    ...allRoutes.filter(({ method, auth, name }) => method === 'get' && auth === 'caller' && name !== 'whoami').map(({ path }) => `/api/yard/v1${path.replaceAll(/\{\w+\}/g, '1')}`),
    '/sse/listen/builds/*/*', '/sse/listen', '/sse/add/x/builds',
  ]
  const [none, without] = [await statuses(paths, {}), await statuses(paths, bearer(await aToken(api, 'alice', ['control'])))]
  expect(none.filter(([, status]) => status !== 401)).toEqual([])
  expect(without.filter(([, status]) => status !== 403)).toEqual([])
  const token = bearer(await aToken(api, 'bob', ['read']))
  expect((await statuses(['/api/v2/builds', '/api/yard/v1/workers', '/api'], token)).map(([, status]) => status)).toEqual([200, 200, 200])
  expect(await Promise.all([upgrade({}), upgrade(bearer(await aToken(api, 'alice', ['control']))), upgrade(token)])).toEqual([401, 403, 'open'])
  expect((await statuses(['/health'], {})).map(([, status]) => status)).toEqual([200])
})

const statuses = (paths: string[], headers: { [name: string]: string }) => Promise.all(paths.map(async path => [path, (await send({ method: 'GET', path, body: undefined }, headers)).status] as const))

function upgrade(headers: { [name: string]: string }): Promise<number | 'open'> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => { socket.terminate(); resolve('open') })
    socket.on('unexpected-response', (_, response) => { response.resume(); resolve(response.statusCode ?? 0) })
    socket.on('error', reject)
  })
}

it('a token that is none opens nothing: expired, revoked, of a wrong check, of another installation, of another way to sign in', async () => {
  reload({ authz })
  const [good, expired, revoked] = [await aToken(api, 'alice', ['read', 'control']), await aToken(api, 'alice', ['control']), await aToken(api, 'alice', ['control'])]
  await transaction(api.db, null, async tx => {
    const last = await tx.query<{ id: number }>('SELECT id FROM api_tokens ORDER BY id DESC LIMIT 2')
    await tx.execute("UPDATE api_tokens SET revoked_at = now(), revoked_by = 'x' WHERE id = $1", [last[0]!.id])
    await tx.execute("UPDATE api_tokens SET expires_at = now() - interval '1 second' WHERE id = $1", [last[1]!.id])
  })
  const wrongCheck = good.slice(0, -1) + (good.endsWith('0') ? '1' : '0')
  const elsewhere = await aToken(api, 'alice', ['control'], { authority: 'github https://github.com' })
  const foreign = `yard_${'ab'.repeat(36)}`
  const gone = await aToken(api, 'dave', ['control'])
  for (const token of [gone, expired, revoked, wrongCheck, elsewhere, foreign, 'yard_', 'x', good.toUpperCase(), `${good}0`]) {
    // Reading is open, and still: whoever sends a token means it.
    expect([token.slice(0, 8), (await send({ method: 'GET', path: '/api/v2/builds', body: undefined }, bearer(token))).status]).toEqual([token.slice(0, 8), 401])
    expect((await send({ method: 'POST', path: '/api/yard/v1/workers/w1/pause', body: '{}' }, bearer(token))).status).toBe(401)
  }
  expect((await send({ method: 'POST', path: '/api/yard/v1/workers/w1/pause', body: '{}' }, bearer(good))).status).toBe(200)
})
