import { wwwDefaults, type RateLimitsConfig } from '@yardmaster/domain'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { startApi, type TestApi } from '../testing/api.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration({ builders: [aBuilder('b1')] }), { dbConnections: 4 }) })
afterAll(() => api?.close())

let address = 0
beforeEach(() => { address++ })
const client = (n = 0) => ({ 'x-forwarded-for': `192.0.2.${address * 10 + n}`, accept: 'application/json' })
const configure = (rateLimits: RateLimitsConfig) => api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, auth: { kind: 'none', anywhere: true }, rateLimits } }) })
const answersTo = (count: number, ask: () => Promise<{ status: number }>) => Promise.all(Array.from({ length: count }, async () => (await ask()).status))
const howMany = (statuses: number[]) => Object.fromEntries([...new Set(statuses)].toSorted().map(status => [status, statuses.filter(one => one === status).length]))

test('each client may ask so much, and is told how much is left', async () => {
  configure({ anonymous: 60, signedIn: null })
  const first = await api.get('/api/v2/builders', client())
  expect([first.status, first.headers.get('ratelimit-policy'), first.headers.get('ratelimit')]).toEqual([200, '"anonymous";q=10;w=10', expect.stringMatching(/^"anonymous";r=9;t=\d+$/)])
  expect(howMany(await answersTo(12, () => api.get('/api/v2/builders', client())))).toEqual({ 200: 9, 429: 3 })
  const refused = await api.get('/api/yard/v1/workers', client())
  expect([refused.status, refused.headers.get('retry-after'), refused.body]).toEqual([429, expect.stringMatching(/^\d+$/), { error: expect.stringContaining('more requests than you may send') }])
  expect((await api.get('/api/v2/builders', client(1))).status).toBe(200)
  for (const path of ['/health', '/']) expect((await api.get(path, client())).status).toBe(200)
  configure({ anonymous: null, signedIn: null })
  expect((await api.get('/api/v2/builders', client())).status).toBe(200)
})

test('changing something costs more than reading', async () => {
  configure({ anonymous: 60, signedIn: null })
  const pause = () => fetch(`${api.url}/api/v2/workers/w1`, { method: 'POST', headers: { ...client(), 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'unpause', params: {} }) })
  expect(await answersTo(2, pause)).toEqual([200, 200])
  const third = await pause()
  expect([third.status, await third.json()]).toEqual([429, { error: { code: -32603, message: expect.stringContaining('again in') } }])
})

test('large queries of one client keep nobody from reading what is quick', async () => {
  configure({ anonymous: null, signedIn: null })
  const holder = await api.db.pool.connect()
  try {
    await holder.query('BEGIN; LOCK TABLE builds')
    const large = answersTo(4, () => api.get('/api/v2/builds?state_string__contains=x', client()))
    await until('two of them are asked', async () => (await holder.query(`SELECT 1 FROM pg_locks WHERE relation = 'builds'::regclass AND NOT granted`)).rowCount === 2)
    expect((await api.get('/api/v2/masters', client())).status).toBe(200)
    await holder.query('COMMIT')
    await large
  } finally {
    await holder.query('ROLLBACK')
    holder.release()
  }
})

test('what a slow database cannot take waits, so much of each client; the rest is told so at once, and health never waits', async () => {
  configure({ anonymous: null, signedIn: null })
  const blocker = await api.db.pool.connect()
  try {
    await blocker.query('BEGIN; LOCK TABLE changes IN ACCESS EXCLUSIVE MODE')
    const answers: number[] = []
    const all = Array.from({ length: 160 }, async () => void answers.push((await api.get('/api/v2/changes', client())).status))
    await until('what is beyond the line is refused', () => answers.includes(429))
    expect((await api.get('/health', client())).status).toBe(200)
    const leaving = new AbortController()
    const left = fetch(`${api.url}/api/v2/changes`, { headers: client(1), signal: leaving.signal }).catch(() => 'left')
    leaving.abort()
    expect(await left).toBe('left')
    await blocker.query('COMMIT')
    await Promise.all(all)
    // On a busy machine some may have waited too long before the last came.
    expect(answers.filter(status => ![200, 429, 503].includes(status))).toEqual([])
    expect(answers.filter(status => status === 200).length).toBeGreaterThan(0)
  } finally {
    await blocker.query('ROLLBACK')
    blocker.release()
  }
})
