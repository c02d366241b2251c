import { wwwDefaults } from '@yardmaster/domain'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'

const dashboard = 'https://dashboard.example.org'
let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration({ www: { ...wwwDefaults, auth: { kind: 'none', anywhere: true }, allowedOrigins: [dashboard] } }), { baseUrl: 'https://ci.example.org/ci/' }) })
afterAll(() => api?.close())

const ask = (path: string, init: RequestInit) => fetch(`${api.url}${path}`, init)
const pause = (headers: { [name: string]: string }) => ask('/api/v2/workers/w1', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} }) })

describe('pages of other sites', () => {
  it('of an origin that the configuration names may read, without anybody\'s cookies', async () => {
    const { status, headers } = await ask('/api/v2/builders', { headers: { origin: dashboard } })
    expect([status, headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]).toEqual([200, dashboard, null])
    expect(headers.get('vary')?.toLowerCase()).toContain('origin')
  })

  it('are told beforehand what they may send', async () => {
    for (const path of ['/api/v2/builders', '/ci/api/yard/v1/workers']) {
      const { status, headers } = await ask(path, { method: 'OPTIONS', headers: { origin: dashboard, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } })
      expect([path, status, headers.get('access-control-allow-origin'), headers.get('access-control-allow-methods'), headers.get('access-control-allow-headers')])
        .toEqual([path, 200, dashboard, expect.stringContaining('POST'), expect.stringContaining('Authorization')])
    }
    const trace = await ask('/api/v2/builders', { method: 'OPTIONS', headers: { origin: dashboard, 'access-control-request-method': 'TRACE' } })
    expect([trace.status, await trace.json()]).toEqual([400, { error: 'invalid method' }])
  })

  it('do nothing without a token', async () => {
    const refused = await pause({ origin: dashboard, cookie: 'session=somebody' })
    expect([refused.status, await refused.json()]).toEqual([403, { error: { message: expect.stringContaining('token') } }])
    expect(await api.rows('workers/w1')).toMatchObject([{ paused: false }])
  })

  it.each(['https://evil.example', 'http://dashboard.example.org', 'https://dashboard.example.org.evil.example', 'https://dashboard.example.org:8443', 'null'])('of %s get nothing', async origin => {
    for (const path of ['/api/v2/builders', '/api/yard/v1/workers', '/sse/listen/builds/*/*', '/ci/api/v2/builders']) {
      for (const method of ['GET', 'OPTIONS']) {
        const { status, headers } = await ask(path, { method, headers: { origin, 'access-control-request-method': 'GET' } })
        expect([path, status, headers.get('access-control-allow-origin')]).toEqual([path, 400, null])
      }
    }
    expect((await pause({ origin })).status).toBe(400)
    expect(await api.rows('workers/w1')).toMatchObject([{ paused: false }])
  })

  it('an origin that is taken off the list is refused from then on', async () => {
    const www = { ...wwwDefaults, allowedOrigins: [] }
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www }) })
    expect((await ask('/api/v2/builders', { headers: { origin: dashboard } })).status).toBe(400)
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...www, allowedOrigins: [dashboard] } }) })
    expect((await ask('/api/v2/builders', { headers: { origin: dashboard } })).status).toBe(200)
  })

  it('hear events by web socket from an allowed origin alone', async () => {
    const open = async (origin: string) => {
      const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`, { headers: { origin } })
      const opened = await Promise.race([once(socket, 'open').then(() => true), once(socket, 'error').then(() => false)]).catch(() => false)
      socket.terminate()
      return opened
    }
    expect([await open(dashboard), await open('https://evil.example')]).toEqual([true, false])
  })
})

describe('what a browser is told with an answer', () => {
  it.each([
    { path: '/', policy: /default-src 'self'.*frame-ancestors 'self'/ },
    { path: '/ci/builders', policy: /default-src 'self'/ },
    { path: '/api/v2/builders', policy: /^default-src 'none'; frame-ancestors 'none'$/ },
    { path: '/ci/api/v2/builders', policy: /^default-src 'none'/ },
    { path: '/api/v2/nonsense', policy: /^default-src 'none'/ },
    { path: '/healthz', policy: /^default-src 'none'/ },
    { path: '/plugins/badges/b1.svg', policy: /^default-src 'none'.*sandbox$/ },
  ])('$path', async ({ path, policy }) => {
    const { headers } = await ask(path, {})
    expect(headers.get('content-security-policy')).toMatch(policy)
    expect(headers.get('content-security-policy')).not.toContain('unsafe-eval')
    expect(Object.fromEntries(headers)).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin', 'permissions-policy': expect.stringContaining('camera=()'), 'strict-transport-security': expect.stringContaining('max-age=') })
  })

  it('answers of the API are asked for again, and never shared between people', async () => {
    const { headers } = await ask('/api/v2/builders', {})
    expect([headers.get('cache-control'), headers.get('vary')?.toLowerCase()]).toEqual(['no-cache', expect.stringMatching(/(?=.*cookie)(?=.*authorization)(?=.*accept)/)])
  })
})
