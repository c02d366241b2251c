import { wwwDefaults } from '@yardmaster/domain'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { refusalOfHost } from './own-host.js'

describe('over a socket, on loopback', () => {
  let api: TestApi
  beforeAll(async () => { api = await startApi(aConfiguration({ builders: [aBuilder('b1')], www: { ...wwwDefaults, auth: { kind: 'none', anywhere: true } } }), { baseUrl: 'https://ci.example.org/yard/' }) })
  afterAll(() => api?.close())

  type Asked = { host: string; method?: string; body?: string }
  async function ask(path: string, { host, method = 'GET', body = '' }: Asked) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(`${api.url}${path}`, { method, headers: { host, accept: 'application/json', 'content-type': 'application/json' }, agent: false }, resolve).on('error', reject).end(body)
    })
    return { status: answer.statusCode, text: await text(answer) }
  }

  function upgrade(path: string, host: string): Promise<number> {
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}${path}`, { headers: { host } })
    return new Promise((resolve, reject) => {
      socket.once('open', () => { socket.terminate(); resolve(101) })
      socket.once('unexpected-response', (request, { statusCode = 0 }) => { request.destroy(); resolve(statusCode) })
      socket.once('error', reject)
    })
  }

  const pages = ['/', '/api', '/api/v2/builders', '/config.json', '/nonsense', '/yard/', '/yard/api/v2/builders']

  it('a page of a foreign name that resolves to us reads nothing, and does nothing', async () => {
    for (const path of [...pages, '/sse/listen/builds/*/*', '/api/v2/logs/1/raw']) {
      const { status, text: told } = await ask(path, { host: 'evil.example:8010' })
      expect([path, status]).toEqual([path, 421])
      expect(JSON.parse(told)).toEqual({ error: expect.stringMatching(/"evil\.example:8010".*https:\/\/ci\.example\.org\/yard\/.*YARD_BASE_URL/) })
    }
    const pause = { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} }) }
    expect(await ask('/api/v2/workers/w1', { host: 'evil.example', ...pause })).toMatchObject({ status: 421, text: expect.stringContaining('evil.example') })
    expect(await api.rows('workers/w1')).toMatchObject([{ paused: false }])
    expect((await ask('/api/v2/workers/w1', { host: 'ci.example.org', ...pause })).status).toBe(200)
  })

  it.each(['ci.example.org', 'CI.example.org:8443', 'localhost', 'localhost:3000', '127.0.0.1:1', '[::1]:8010'])('answers as %s', async host => {
    for (const path of ['/', '/api', '/api/v2/builders', '/yard/api/v2/builders']) expect([path, (await ask(path, { host })).status]).toEqual([path, 200])
    expect(await upgrade('/ws', host)).toBe(101)
  })

  it('load balancers and code hosts may call us what they like', async () => {
    for (const path of ['/healthz', '/health', '/yard/healthz']) expect((await ask(path, { host: '10.1.2.3:8010' })).status).toBe(200)
    for (const path of ['/change_hook/base', '/yard/change_hook/base']) {
      const { status, text: told } = await ask(path, { host: 'inside.example', method: 'POST', body: '{}' })
      expect([status, told]).toEqual([404, expect.stringContaining('hook')])
    }
  })

  it('a web socket of a foreign name is refused, with the reason', async () => {
    for (const path of ['/ws', '/yard/ws']) expect(await upgrade(path, 'evil.example')).toBe(421)
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    socket.write('GET /ws HTTP/1.1\r\nhost: evil.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 Misdirected Request\r\n[^]*\r\n\r\nthis is not the server of "evil\.example"/)
  })

  it('no host is not ours either', async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    socket.write('GET /api/v2/builders HTTP/1.0\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 421 /)
  })
})

describe('by the address that is listened on', () => {
  const baseUrl = 'https://ci.example.org/'
  it.each([
    { listensOn: '127.0.0.1', host: '10.0.0.5:8010', ours: false },
    { listensOn: 'localhost', host: '[2001:db8::1]', ours: false },
    { listensOn: '::1', host: 'localhost', ours: true },
    { listensOn: '0.0.0.0', host: '10.0.0.5:8010', ours: true },
    { listensOn: '::', host: '[2001:db8::1]:8010', ours: true },
    { listensOn: '0.0.0.0', host: 'localhost:8010', ours: true },
    { listensOn: '10.0.0.5', host: 'localhost:8010', ours: false },
    { listensOn: '10.0.0.5', host: '10.0.0.5:8010', ours: true },
    { listensOn: '0.0.0.0', host: 'ci.example.org', ours: true },
    { listensOn: '0.0.0.0', host: 'ci.example.org.evil.example', ours: false },
    { listensOn: '0.0.0.0', host: '10.0.0.5.evil.example', ours: false },
    { listensOn: '0.0.0.0', host: 'evil.example@10.0.0.5', ours: false },
    { listensOn: '0.0.0.0', host: '10.0.0.5 evil.example', ours: false },
    { listensOn: '0.0.0.0', host: '', ours: false },
  ])('$listensOn, asked as "$host": $ours', ({ listensOn, host, ours }) => {
    expect(refusalOfHost({ headers: { host } }, { baseUrl, listensOn }) === null).toBe(ours)
  })
})
