import { transaction } from '@yardmaster/db'
import { startUserSession } from '@yardmaster/db/verbs/start-user-session'
import { wwwDefaults } from '@yardmaster/domain'
import { systemRandom } from '@yardmaster/runtime'
import { request } from 'node:http'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { aConfiguration } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { digest } from '../access/digest.js'
import { credentialOf } from '../access/user-sessions.js'
import { startApi, type TestApi } from '../testing/api.js'
import { aToken, bearer } from '../testing/tokens.js'

const COUNT = 60
let api: TestApi
let far: Awaited<ReturnType<TestApi['replica']>>
beforeAll(async () => {
  api = await startApi(aConfiguration({ www: { ...wwwDefaults, reading: 'closed', auth: { kind: 'users', users: { ann: { $secret: 'ann' } } } } }))
  api.secrets.set('ann', 'pw')
  far = await api.replica()
})
afterAll(async () => {
  await far?.close()
  await api?.close()
})

type Stream = { text: string; ended: boolean }

function listen(headers: { [name: string]: string }): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const stream = { text: '', ended: false }
    request(`${far.url}/sse/listen/builds/*/*`, { headers, agent: false }, response => {
      if (response.statusCode !== 200) return reject(new Error(`the server answered ${response.statusCode}`))
      response.setEncoding('utf8').on('data', (text: string) => {
        stream.text += text
        if (stream.text.includes('event: handshake')) resolve(stream)
      }).on('end', () => { stream.ended = true }).on('error', reject)
    }).on('error', reject).end()
  })
}

async function aSession(): Promise<{ cookie: string }> {
  const value = systemRandom().bytes(32).toString('base64url')
  await transaction(api.db, null, tx => startUserSession(tx, { id: digest(value), username: 'ann', fullName: null, email: null, groups: [], authority: 'users', credential: credentialOf(value, 'pw'), idleSeconds: 3600, most: 1_000 }))
  return { cookie: `yard_session=${value}` }
}

const allEnded = (streams: readonly Stream[]) => until('every stream to be ended', () => streams.every(({ ended }) => ended))
const many = (credentials: () => Promise<{ [name: string]: string }>) => Promise.all(Array.from({ length: COUNT }, async () => listen(await credentials())))

it('streams are looked at together, their sessions go on while they are open, and they end on every replica when sessions and tokens do', async () => {
  const streams = [...await many(async () => bearer(await aToken(api, 'ann', ['read']))), ...await many(aSession)]
  await transaction(api.db, null, tx => tx.execute(`UPDATE user_sessions SET seen_at = now() - interval '2 minutes', expires_at = now() + interval '3 minutes'`))
  const ending = async () => (await api.db.pool.query(`SELECT 1 FROM user_sessions WHERE expires_at < now() + interval '10 minutes'`)).rowCount
  await until('all sessions to be prolonged', async () => await ending() === 0)
  expect(streams.filter(({ ended }) => ended)).toEqual([])
  const query = vi.spyOn(api.db.pool, 'query')
  const looks = (table: string) => query.mock.calls.filter(([sql]) => typeof sql === 'string' && sql.includes(`FROM ${table}`)).length
  try {
    await transaction(api.db, null, async tx => {
      await tx.execute(`DELETE FROM user_sessions`)
      await tx.execute(`UPDATE api_tokens SET revoked_at = now()`)
    })
    await allEnded(streams)
    // One for each turn of the wheel in which somebody is due, not one for each of them.
    for (const table of ['api_tokens', 'user_sessions']) {
      expect(looks(table)).toBeGreaterThan(0)
      expect(looks(table)).toBeLessThan(COUNT / 3)
    }
    expect(streams.filter(({ text }) => !text.includes('it may not read any more'))).toEqual([])
  } finally {
    query.mockRestore()
  }
})
