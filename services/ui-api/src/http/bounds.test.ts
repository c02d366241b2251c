import { noChangeHooks } from '@yardmaster/domain'
import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { boundConnections, isTooDeep } from './bounds.js'

describe('over a socket', () => {
  let api: TestApi
  beforeAll(async () => { api = await startApi(aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: null } } })) })
  afterAll(() => api?.close())

  async function send(path: string, { method = 'POST', body = '', headers = {} }: { method?: string; body?: string | Buffer; headers?: { [name: string]: string } }) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(`${api.url}${path}`, { method, headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, agent: false }, resolve).on('error', reject).end(body)
    })
    return { status: answer.statusCode, body: await text(answer) }
  }
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

  it('JSON of many levels is refused, whatever would walk through it', async () => {
    for (const levels of [70, 200_000]) {
      const control = await send('/api/v2/workers/w1', { body: `{"jsonrpc":"2.0","id":7,"method":"pause","params":{"reason":${deep(levels)}}}` })
      expect([control.status, JSON.parse(control.body)]).toMatchObject([400, { error: { code: -32700, message: expect.stringContaining('deeper than 64 levels') } }])
      const ours = await send('/api/yard/v1/workers/w1/pause', { body: `{"reason":${deep(levels)}}` })
      expect([ours.status, JSON.parse(ours.body)]).toEqual([400, { error: expect.stringContaining('deeper than 64 levels') }])
    }
    expect(await api.rows('workers/w1')).toMatchObject([{ paused: false }])
  })

  it('what is small on the way and huge when it is unpacked is refused', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
    for (const path of ['/api/v2/workers/w1', '/api/yard/v1/workers/w1/pause', '/change_hook/base']) {
      expect([path, (await send(path, { body: bomb, headers: { 'content-encoding': 'gzip' } })).status]).toEqual([path, 413])
    }
  })

  it('addresses and headers have a longest form', async () => {
    expect(await send(`/api/v2/builds?${'builderid__eq=1&'.repeat(1_500)}`, { method: 'GET' })).toMatchObject({ status: 414, body: expect.stringContaining('16384') })
    expect((await send(`/api/v2/builds?${'builderid__eq=1&'.repeat(900)}limit=1`, { method: 'GET' })).status).toBe(200)
    expect((await send('/api/v2/builds', { method: 'GET', headers: { 'x-long': 'x'.repeat(40_000) } })).status).toBe(431)
  })
})

it('of one address so many connections are held, of a proxy as many as it likes', async () => {
  const server = createServer((_request, response) => void response.end('here'))
  let proxy = false
  boundConnections(server, { isProxy: () => proxy, most: 2 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const sockets: Socket[] = []
  const dial = async (): Promise<boolean> => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {}).write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
    return await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)])
  }
  try {
    expect([await dial(), await dial(), await dial()]).toEqual([true, true, false])
    proxy = true
    expect(await dial()).toBe(true)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
})

it.each<[string, boolean]>([
  ['[]', false], ['['.repeat(64), false], ['['.repeat(65), true], [`"${'['.repeat(100)}"`, false], [`"\\"${'['.repeat(100)}"`, false], [`{"a":"\\\\",${'"b":{'.repeat(70)}`, true],
  [`[${'[],'.repeat(1_000)}]`, false],
])('%.20s is too deep: %s', (json, expected) => {
  expect(isTooDeep(json)).toBe(expected)
})
