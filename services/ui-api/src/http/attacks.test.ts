import { globPattern, noChangeHooks, noConditions, wwwDefaults, type AllowRule } from '@yardmaster/domain'
import { systemRandom } from '@yardmaster/runtime'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import WebSocket from 'ws'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { newToken } from '../access/token-text.js'
import { startApi, type TestApi } from '../testing/api.js'

let api: TestApi
const configuration = (www: Partial<typeof wwwDefaults> = {}) => aConfiguration({ builders: [aBuilder('b1')], www: { ...wwwDefaults, ...www } })
beforeAll(async () => { api = await startApi(configuration()) })
afterAll(() => api?.close())
beforeEach(() => api.setGeneration({ id: api.generationId, configuration: configuration() }))

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`

/** What a web socket is answered to each of these. */
async function say(frames: string[]): Promise<unknown[]> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`)
  const answers: unknown[] = []
  try {
    await once(socket, 'open')
    for (const frame of frames) {
      const heard = once(socket, 'message')
      socket.send(frame)
      const [data]: unknown[] = await heard
      answers.push(JSON.parse(String(data)))
    }
  } finally {
    socket.terminate()
  }
  return answers
}

it('a frame of a web socket that is nested too deep is refused, and is not the end of the process', async () => {
  expect(await say([`{"cmd":"ping","_id":${nested(30_000)}}`, `{"cmd":"ping","_id":1,"paths":${nested(30_000)}}`, nested(30_000), '{"cmd":"ping","_id":7}']))
    .toEqual([...Array.from({ length: 3 }, () => ({ error: 'a frame is a JSON object', code: 400, _id: null })), { msg: 'pong', code: 200, _id: 7 }])
})

it('odd places to go on from are no places, and no failures', async () => {
  for (const after of ['', ':', '0:0', '-1:-1', 'NaN:NaN', '9'.repeat(400), `${'9'.repeat(15)}:${'9'.repeat(30)}`, '__proto__', '1:1:1', '1e9:1e9', '\0']) {
    const [answer] = await say([JSON.stringify({ cmd: 'startConsuming', _id: 1, path: 'builds/*/*', after })])
    expect([after, answer]).toEqual([after, { msg: 'OK', code: 200, resync: expect.any(Boolean), _id: 1 }])
  }
})

it('what is sent to a change hook is not held in memory where there is none, or beyond what there is room for', async () => {
  const { hostname, port } = new URL(api.url)
  const begin = async (path: string, size: number): Promise<{ socket: Socket; answered: Promise<string> }> => {
    const socket = connect(Number(port), hostname)
    const answered = once(socket, 'data').then(([data]: unknown[]) => String(data).split('\r\n')[0] ?? '', () => 'closed')
    await new Promise<void>(resolve => { socket.write(`POST ${path} HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n{`, () => resolve()) })
    return { socket, answered }
  }
  const open: Socket[] = []
  const post = async (path: string, size: number) => {
    const { socket, answered } = await begin(path, size)
    open.push(socket)
    return answered
  }
  try {
    expect(await post('/change_hook/base', 20_000_000)).toContain(' 404 ')
    api.setGeneration({ id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: null } } }) })
    expect(await post('/change_hook/nonsense', 20_000_000)).toContain(' 404 ')
    // As many as there is room for wait for the rest; one more is refused at once, and another's small one still comes in.
    const waiting = Array.from({ length: 6 }, () => post('/change_hook/base', 20_000_000))
    expect(await Promise.race(waiting)).toContain(' 503 ')
    expect((await fetch(`${api.url}/change_hook/base`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7' }, body: '{"author":"ann","comments":"c","revision":"r1","repository":"https://git.example.org/hello.git"}' })).status).toBe(202)
  } finally {
    for (const socket of open) socket.destroy()
  }
})

it('JSON of many levels is refused by change hooks too', async () => {
  api.setGeneration({ id: api.generationId, configuration: aConfiguration({ changeHooks: { ...noChangeHooks, base: { secret: null } } }) })
  const answer = await fetch(`${api.url}/change_hook/base`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"properties":${nested(20_000)}}` })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('deeper than 64')])
})

it('what is no session and no token is not looked for each time, and badges and streams count for the limit', async () => {
  api.setGeneration({ id: api.generationId, configuration: configuration({ auth: { kind: 'users', users: { ann: 'pw' } }, rateLimits: { anonymous: 60, signedIn: 60 } }) })
  const looks = vi.spyOn(api.db.pool, 'query')
  const looksInto = (table: string) => looks.mock.calls.filter(asked => JSON.stringify(asked).includes(`FROM ${table}`)).length
  for (let sent = 0; sent < 10; sent++) {
    expect((await fetch(`${api.url}/auth/user`, { headers: { cookie: 'yard_session=nobodys' } })).status).toBe(200)
    for (const token of [newToken(systemRandom()).slice(0, -1), nobodys]) expect((await fetch(`${api.url}/auth/user`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
  }
  // What is refused is remembered for some seconds.
  for (const table of ['user_sessions WHERE', 'api_tokens']) expect([table, looksInto(table) > 0 && looksInto(table) < 10]).toEqual([table, true])
  looks.mockRestore()
  for (const path of ['/plugins/badges/b1.svg', '/sse/add/x/y']) {
    const { headers } = await fetch(`${api.url}${path}`)
    expect([path, headers.get('ratelimit')]).toEqual([path, expect.stringContaining('"anonymous";r=')])
  }
})
const nobodys = newToken(systemRandom())

it('who offers another protocol is answered in this one, on one connection again and again, with bodies and rights as ever', async () => {
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  try {
    let heard = ''
    socket.setEncoding('latin1').on('data', text => { heard += text })
    const offer = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA'
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'over-h2c', method: 'pause', params: {} })
    for (const [sent, expected] of [
      [`GET /api/v2/builders HTTP/1.1\r\nhost: ${hostname}\r\n${offer}\r\n\r\n`, / 200 OK[^]*"name": "b1"/],
      [`POST /api/v2/workers/nobody HTTP/1.1\r\nhost: ${hostname}\r\n${offer}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`, / 404 Not Found[^]*over-h2c/],
      [`GET /api/v2/builders HTTP/1.1\r\nhost: evil.example\r\n${offer}\r\n\r\n`, / 421 [^]*evil\.example/],
      [`GET /healthz HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close, upgrade\r\nupgrade: h2c\r\n\r\n`, / 200 OK[^]*connection: close[^]*alive/i],
    ] as const) {
      heard = ''
      socket.write(sent)
      await until(`an answer like ${expected}, not ${heard}`, () => expected.test(heard))
    }
  } finally {
    socket.destroy()
  }
})

it('a rule that names a path is not got round by writing numbers otherwise', async () => {
  const rule: AllowRule = { ...noConditions, call: 'authz.any', of: 'all', subject: { kind: 'role', role: globPattern('admins') }, defaultDeny: true, path: globPattern('/api/*/builders/1') }
  api.setGeneration({ id: api.generationId, configuration: configuration({ authz: { roleMatchers: [], rules: [rule] } }) })
  for (const path of ['/api/v2/builders/1', '/api/v2/builders/01', '/api/latest/builders/%30%301', '/api/v2/builders/%31']) expect([path, (await api.get(path)).status]).toEqual([path, 401])
  for (const number of ['01', '0x1', '1.0', '1e0', '%2B1', '%201', '1%20']) expect([number, (await api.get(`/api/yard/v1/builds/${number}/artifacts`)).body]).toEqual([number, { error: expect.stringContaining('is no number') }])
})
