import { stranger, wwwDefaults, type AuthConfig } from '@yardmaster/domain'
import { get } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { warningOf } from '../../access/warning-of.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { browserLike } from '../../testing/browser-like.js'

const none: AuthConfig = { kind: 'none', anywhere: false }
const proxy: AuthConfig = { kind: 'remoteUser', header: 'REMOTE_USER', headerRegex: { source: '(?<username>[^ @]+)@(?<realm>[^ @]+)', flags: '' }, emailHeader: 'x-email', fullNameHeader: null, groupsHeader: 'x-groups' }
const www = (auth: AuthConfig) => aConfiguration({ www: { ...wwwDefaults, auth } })

let local: TestApi
let secure: TestApi
beforeAll(async () => {
  [local, secure] = await Promise.all([startApi(www(none)), startApi(www({ kind: 'users', users: { ann: { $secret: 'ann' } } }), { baseUrl: 'https://ci.example.org/ci/', trustedProxies: ['loopback'] })])
})
afterAll(async () => { await Promise.all([local?.close(), secure?.close()]) })

const pause = (api: TestApi, headers: { [name: string]: string } = {}) =>
  browserLike().go(`${api.url}/api/v2/workers/w1`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} }) })

it('where nobody signs in, whoever is on this machine may do everything, and nobody else', async () => {
  expect((await pause(local)).status).toBe(200)
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host', 'via', 'cf-connecting-ip']) {
    const { status, text: told } = await pause(local, { [header]: '203.0.113.7' })
    expect([header, status]).toEqual([header, 403])
    expect(told).toMatch(/auth\.userFile.*anywhere: true/)
    expect((await browserLike().go(`${local.url}/api/v2/builders`, { headers: { [header]: '203.0.113.7' } })).status).toBe(200)
  }
  // A proxy of this machine that asks for this machine.
  const ours = { 'x-forwarded-for': '127.0.0.1, ::ffff:127.0.0.1, [::1]:4711', 'x-forwarded-host': 'localhost:3000', 'x-forwarded-proto': 'http' }
  expect((await pause(local, ours)).status).toBe(200)
  const foreign = [{ ...ours, 'x-forwarded-for': '127.0.0.1, 203.0.113.7' }, { ...ours, 'x-forwarded-for': '203.0.113.7, 127.0.0.1' }, { ...ours, 'x-forwarded-for': '' }, { ...ours, 'x-forwarded-host': 'ci.example.org' },
    { ...ours, 'x-forwarded-for': '127.0.0.1.example.org' }, { ...ours, via: '1.1 localhost' }, { 'x-forwarded-proto': 'https' }]
  for (const headers of foreign) expect([headers, (await pause(local, headers)).status]).toEqual([headers, 403])
  // As a proxy does that was told no more than where we are.
  const socket = connect(Number(new URL(local.url).port), '127.0.0.1')
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} })
  socket.write(`POST /api/v2/workers/w1 HTTP/1.0\r\nhost: 127.0.0.1:8010\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  expect(await text(socket)).toMatch(/ 403 [^]*auth\.userFile/)
  local.setGeneration({ id: local.generationId, configuration: www({ ...none, anywhere: true }) })
  expect((await pause(local, { 'x-forwarded-for': '203.0.113.7' })).status).toBe(200)
  expect(stranger.scopes).toEqual([])
})

it('its start tells of what others may do', () => {
  const [here, there] = [{ host: '127.0.0.1', baseUrl: 'http://127.0.0.1:8010/' }, { host: '0.0.0.0', baseUrl: 'http://127.0.0.1:8010/' }]
  expect([warningOf(none, here), warningOf({ ...none, anywhere: true }, here), warningOf(proxy, there)]).toEqual([null, null, null])
  expect([warningOf(none, there), warningOf(undefined, { ...here, baseUrl: 'https://ci.example.org/' })]).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('auth.userFile')))
  expect(warningOf({ ...none, anywhere: true }, there)).toContain('whoever reaches this address may see everything')
})

it('under https a cookie is for that path, and never in clear', async () => {
  const signIn = () => browserLike().go(`${secure.url}/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'ann', password: 'pw' }) })
  expect((await signIn()).status).toBe(503)
  secure.secrets.set('ann', 'pw')
  expect((await signIn()).headers.get('set-cookie')).toMatch(/^__Secure-yard_session=[\w-]{43}; Max-Age=\d+; Path=\/ci\/; HttpOnly; Secure; SameSite=Lax$/)
})

it('who asks from elsewhere where nobody signs in is not told whose tokens there are', async () => {
  const tokens = async (headers: { [name: string]: string }) => (await browserLike().go(`${local.url}/api/yard/v1/tokens`, { headers })).status
  local.setGeneration({ id: local.generationId, configuration: www(none) })
  expect([await tokens({}), await tokens({ 'x-forwarded-for': '203.0.113.7' })]).toEqual([200, 401])
})

it('the header of a proxy counts from trusted proxies alone', async () => {
  for (const api of [local, secure]) api.setGeneration({ id: api.generationId, configuration: www(proxy) })
  const who = async (api: TestApi, headers: { [name: string]: string }): Promise<unknown> => JSON.parse((await browserLike().go(`${api.url}/auth/user`, { headers })).text)
  const told = { REMOTE_USER: 'ann@EXAMPLE.ORG', 'x-email': 'ann@example.org', 'x-groups': 'ops, builders' }
  expect(await who(secure, told)).toEqual({ username: 'ann', full_name: null, email: 'ann@example.org', groups: ['ops', 'builders'] })
  expect(await who(secure, { ...told, REMOTE_USER: 'no realm' })).toEqual({ anonymous: true })
  // Which of two is the proxy's own, nobody knows.
  expect(await twice(secure, [['remote_user', 'root@EXAMPLE.ORG'], ['remote_user', 'ann@EXAMPLE.ORG']])).toContain('anonymous')
  expect(await twice(secure, [['remote_user', 'ann@EXAMPLE.ORG'], ['x-groups', 'admins'], ['x-groups', 'ops']])).toContain('"groups":[]')
  // Without YARD_TRUSTED_PROXIES nobody's.
  expect(await who(local, told)).toEqual({ anonymous: true })
  expect((await pause(local, told)).status).toBe(403)
  expect((await pause(secure, told)).status).toBe(200)
})

const twice = (api: TestApi, headers: [string, string][]): Promise<string> => new Promise((resolve, reject) => {
  const { hostname, port, host } = new URL(api.url)
  get({ hostname, port, path: '/auth/user', headers: ['host', host, 'accept', 'application/json', ...headers.flat()] }, response => { void text(response).then(resolve, reject) }).on('error', reject)
})

it('a page of another site acts for nobody who looks at it, whatever it sends but a token', async () => {
  const dashboard = 'https://dashboard.example.org'
  local.setGeneration({ id: local.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, allowedOrigins: [dashboard] } }) })
  expect((await pause(local)).status).toBe(200)
  for (const authorization of ['Basic eDp4', 'x', 'Bearer ', 'Digest x']) expect([authorization, (await pause(local, { origin: dashboard, authorization })).status]).toEqual([authorization, 403])
  secure.setGeneration({ id: secure.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, auth: proxy, reading: 'closed', allowedOrigins: [dashboard] } }) })
  const read = (origin: string) => browserLike().go(`${secure.url}/api/v2/builders`, { headers: { REMOTE_USER: 'ann@EXAMPLE.ORG', origin } })
  expect([(await read('https://ci.example.org')).status, (await read(dashboard)).status]).toEqual([200, 401])
})

it('who guesses the passwords of yard try behind a proxy keeps nobody else out', async () => {
  const knock = async (address: string, name = 'ann') => (await browserLike().go(`${local.url}/api/yard/v1/try`, { headers: { authorization: `Basic ${Buffer.from(`${name}:x`).toString('base64')}`, 'x-forwarded-for': address } })).status
  for (let at = 0; at < 20; at++) await knock('203.0.113.7')
  expect([await knock('203.0.113.7'), await knock('203.0.113.8')]).toEqual([429, 401])
  // Nor does it help to try other names in between.
  for (let at = 0; at < 100; at++) await knock('203.0.113.9', `name ${at}`)
  expect([await knock('203.0.113.9'), await knock('203.0.113.8')]).toEqual([429, 401])
})

it('a token that is none is refused, whatever else would do', async () => {
  const { status, headers } = await browserLike().go(`${secure.url}/api/v2/builders`, { headers: { authorization: 'Bearer nonsense' } })
  expect([status, headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"'])
})
