import { noChangeHooks, wwwDefaults } from '@yardmaster/domain'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { testPort } from '../../../../test/kit/ports.js'
import { proxyProgram, startReverseProxy, type ProxyProgram } from '../../../../test/kit/reverse-proxy.js'
import { startApi, type TestApi } from '../testing/api.js'

type Way = { name: string; program: ProxyProgram; edit?(configuration: string): string }
const ways: Way[] = [
  { name: 'nginx, as in our example', program: 'nginx' },
  { name: 'nginx that takes the path off', program: 'nginx', edit: text => text.replace('proxy_pass http://yardmaster;', 'proxy_pass http://yardmaster/;') },
  { name: 'HAProxy, as in our example', program: 'haproxy' },
  { name: 'HAProxy that takes the path off', program: 'haproxy', edit: text => text.replace('balance leastconn', 'balance leastconn\n  http-request replace-path /ci/(.*) /\\1') },
]

describe.each(ways)('below a path, behind $name', ({ program, edit }) => {
  const installed = proxyProgram(program) !== null
  let api: TestApi
  let proxy: { stop(): Promise<void> }
  let base = ''
  beforeAll(async () => {
    if (!installed) return
    const port = await testPort()
    base = `http://127.0.0.1:${port}/ci/`
    api = await startApi(aConfiguration({
      builders: [aBuilder('b1')], changeHooks: { ...noChangeHooks, base: { secret: null } }, www: { ...wwwDefaults, auth: { kind: 'none', anywhere: true }, rateLimits: { anonymous: 600, signedIn: null } },
    }), { baseUrl: base, trustedProxies: ['127.0.0.1'] })
    proxy = await startReverseProxy({ program, port, upstream: Number(new URL(api.url).port), ...(edit ? { edit } : {}) })
  })
  afterAll(async () => {
    await proxy?.stop()
    await api?.close()
  })
  const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, base), { redirect: 'manual', ...init })

  it.skipIf(!installed)('everything is where its addresses say', async () => {
    const page = await (await ask('builders/1/builds/2', { headers: { accept: 'text/html' } })).text()
    expect(page).toContain('<base href="/ci/" />')
    expect(await (await ask('api')).json()).toMatchObject({ api_versions: { v2: `${base}api/v2` } })
    expect(await (await ask('api/v2/builders')).json()).toMatchObject({ builders: [{ name: 'b1' }] })
    expect(await (await ask('config.js')).text()).toContain(base)
    for (const path of ['', 'health', 'api/v2/builders/b1', 'api/yard/v1/workers', 'api/yard/v1/openapi.json', 'auth/user', 'plugins/badges/b1.svg', 'config.json']) expect([path, (await ask(path)).status]).toEqual([path, 200])
    expect((await ask('api/v2/builders/a%2Fb')).status).toBe(404)
    const hook = await ask('change_hook/base', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ author: 'ada', comments: 'c', repository: 'r', revision: 'abc', files: [] }) })
    expect(hook.status).toBe(202)
    const control = await ask('api/v2/workers/w1', { method: 'POST', headers: { 'content-type': 'application/json', origin: new URL(base).origin }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} }) })
    expect(control.status).toBe(200)
    const bare = await fetch(base.slice(0, -1), { redirect: 'manual' })
    expect([bare.status, new URL(bare.headers.get('location') ?? '', base).pathname]).toEqual([301, '/ci/'])
    const out = await ask('auth/logout')
    expect([out.status, new URL(out.headers.get('location') ?? '', base).pathname]).toEqual([302, '/ci/'])
    for (const cookie of out.headers.getSetCookie()) expect(cookie).toContain('Path=/ci/')
  })

  it.skipIf(!installed)('live events come at once, both ways', async () => {
    const leaving = new AbortController()
    const stream = await ask('sse/listen/builds/*/*', { signal: leaving.signal })
    const first = await stream.body!.getReader().read()
    expect(new TextDecoder().decode(first.value)).toContain('handshake')
    leaving.abort()
    const socket = new WebSocket(`${base.replace('http', 'ws')}ws`, { origin: new URL(base).origin })
    await once(socket, 'open')
    socket.send(JSON.stringify({ _id: 1, cmd: 'startConsuming', path: 'builds/*/*' }))
    const [answer] = (await once(socket, 'message')) as [Buffer]
    expect(JSON.parse(String(answer))).toMatchObject({ _id: 1, code: 200 })
    socket.terminate()
  })

  it.skipIf(!installed)('each client is counted by itself, whatever it says of itself', async () => {
    const left = async (localAddress: string, headers: { [name: string]: string } = {}) => {
      const [answer] = (await once(get(new URL('api/v2/builders', base), { localAddress, agent: false, headers }), 'response')) as [IncomingMessage]
      answer.resume()
      return Number(/;r=(\d+)/.exec(String(answer.headers['ratelimit']))?.[1])
    }
    const full = await left('127.0.0.2')
    expect(await left('127.0.0.2', { 'x-forwarded-for': '203.0.113.9' })).toBe(full - 1)
    expect(await left('127.0.0.3')).toBe(full)
  })
})
