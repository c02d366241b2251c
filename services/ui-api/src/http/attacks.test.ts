import { globPattern, noConditions, wwwDefaults, type AllowRule } from '@yardmaster/domain'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import WebSocket from 'ws'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
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

it('a rule that names a path is not got round by writing numbers otherwise', async () => {
  const rule: AllowRule = { ...noConditions, call: 'authz.any', of: 'all', subject: { kind: 'role', role: globPattern('admins') }, defaultDeny: true, path: globPattern('/api/*/builders/1') }
  api.setGeneration({ id: api.generationId, configuration: configuration({ authz: { roleMatchers: [], rules: [rule] } }) })
  for (const path of ['/api/v2/builders/1', '/api/v2/builders/01', '/api/latest/builders/%30%301', '/api/v2/builders/%31']) expect([path, (await api.get(path)).status]).toEqual([path, 401])
  for (const number of ['01', '0x1', '1.0', '1e0', '%2B1', '%201', '1%20']) expect([number, (await api.get(`/api/yard/v1/builds/${number}/artifacts`)).body]).toEqual([number, { error: expect.stringContaining('is no number') }])
})
