import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock, systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { startFakeHost, type FakeHost } from '../testing/fake-host.js'
import { exchange, type HttpCall } from './exchange.js'
import { limitOf } from './limits.js'

const deps = { clock: systemClock(), signal: new AbortController().signal }
const trusting = { verify: true, ca: null }
const get = (url: string, more: Partial<HttpCall> = {}): HttpCall => ({ method: 'GET', url, headers: {}, body: null, trust: trusting, secrets: [], ...more })
const hosts: FakeHost[] = []
afterEach(() => Promise.all(hosts.splice(0).map(host => host.close())))

async function host(options: Partial<Parameters<typeof startFakeHost>[0]> = {}): Promise<FakeHost> {
  const started = await startFakeHost({ routes: [['GET', /^\/ok$/, () => ({ status: 200, body: { ok: true } })], ['POST', /^\/ok$/, ({ text }) => ({ status: 200, body: { text } })]], ...options })
  hosts.push(started)
  return started
}

describe.runIf(spawnSync('openssl', ['version']).status === 0)('certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'yard-hosts-tls-'))
  const pem = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const openssl = (...args: string[]): void => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
  }
  beforeAll(() => {
    writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1')
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=ca', '-keyout', 'ca.key', '-out', 'ca.pem')
    openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=server', '-keyout', 'server.key', '-out', 'server.csr')
    openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.pem')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('one that nobody vouches for is not believed, and was told nothing; ca and verify say otherwise', async () => {
    const { url, requests } = await host({ tls: { key: pem('server.key'), cert: pem('server.pem') } })
    await expect(exchange(get(`${url}/ok`), deps)).rejects.toMatchObject({ outcome: 'again', message: expect.stringContaining('there was no connection') })
    expect(requests).toEqual([])
    expect(await exchange(get(`${url}/ok`, { trust: { verify: true, ca: pem('ca.pem') } }), deps)).toMatchObject({ status: 200 })
    expect(await exchange(get(`${url}/ok`, { trust: { verify: false, ca: null }, fresh: true }), deps)).toMatchObject({ status: 200 })
    await expect(exchange(get(`${url}/ok`), deps)).rejects.toMatchObject({ outcome: 'again' })
  })
})

test('what is silent for half a minute is given up, and nobody knows', async () => {
  const { url, setMishaps, held } = await host()
  setMishaps(() => ({ act: 'hold' }))
  const clock = manualClock()
  const answer = exchange(get(`${url}/ok`), { ...deps, clock }).catch((error: unknown) => error)
  await until('it to be held', () => held() > 0)
  await clock.advance(30_000)
  expect(await answer).toMatchObject({ outcome: 'unknown', message: expect.stringContaining('no answer within 30 s') })
})

test('redirections are followed on the same server alone, with the body, and not for ever', async () => {
  const [first, other] = [await host(), await host()]
  first.setMishaps(({ path }) => (path === '/moved' ? { act: 'answer', status: 308, done: false, headers: { location: '/ok' } } : null))
  expect((await exchange(get(`${first.url}/moved`, { method: 'POST', body: 'told' }), deps)).text).toBe('{"text":"told"}')
  first.setMishaps(() => ({ act: 'answer', status: 307, done: false, headers: { location: `${other.url}/ok` } }))
  expect(await exchange(get(`${first.url}/ok`, { headers: { authorization: 'secret' } }), deps)).toMatchObject({ status: 307 })
  expect(other.requests).toEqual([])
  first.setMishaps(() => ({ act: 'answer', status: 302, done: false, headers: { location: '/ok' } }))
  expect(await exchange(get(`${first.url}/ok`), deps)).toMatchObject({ status: 302 })
})

test('errors tell neither secrets nor what stands behind a question mark', async () => {
  const error = await exchange(get('http://127.0.0.1:1/hooks/very-secret?token=x', { secrets: ['very-secret'] }), deps).catch((thrown: unknown) => thrown)
  expect((error as Error).message).toMatch(/^GET http:\/\/127\.0\.0\.1:1\/hooks\/\*\*\*: there was no connection: connect ECONNREFUSED/)
})

const now = Date.UTC(2026, 0, 1)
test.each([
  [429, {}, '', 60_000],
  [429, { 'retry-after': '7' }, '', 7_000],
  [429, { 'retry-after': '2.5' }, '', 2_500],
  [429, { 'retry-after': new Date(now + 9_000).toUTCString() }, '', 9_000],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 + 120) }, '', 120_000],
  [403, { 'x-ratelimit-remaining': '4000', 'retry-after': '60' }, '', 60_000],
  [403, {}, 'You have exceeded a secondary rate limit', 60_000],
  [429, { 'ratelimit-remaining': '0', 'ratelimit-reset': String(now / 1_000 + 5) }, '', 5_000],
  [503, { 'retry-after': '0' }, '', 1_000],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1_000 + 90_000) }, '', 3_600_000],
])('%i %j %s is a limit of %i ms', (status, headers, text, retryAfterMs) => {
  expect(limitOf({ status, headers, text }, now)).toEqual({ retryAfterMs })
})

test.each([[403, { 'x-ratelimit-remaining': '4000' }, 'Resource not accessible'], [200, { 'x-ratelimit-remaining': '0' }, ''], [503, {}, ''], [404, {}, '']])('%i %j %s is none', (status, headers, text) => {
  expect(limitOf({ status, headers, text }, now)).toBeNull()
})
