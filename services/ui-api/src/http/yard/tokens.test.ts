import { startUserSession } from '@yardmaster/db/verbs/start-user-session'
import { transaction } from '@yardmaster/db'
import { globPattern, noConditions, wwwDefaults, type WwwConfig } from '@yardmaster/domain'
import { systemRandom } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { cookieName, cookiePlace } from '../../access/cookies.js'
import { digest } from '../../access/digest.js'
import { credentialOf } from '../../access/user-sessions.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { aToken, bearer } from '../../testing/tokens.js'

const passwords: { [name: string]: string } = { alice: 'one', bob: 'two' }
const users: WwwConfig['auth'] = { kind: 'users', users: passwords }
const authz: WwwConfig['authz'] = {
  roleMatchers: [{ kind: 'fromUsername', roles: ['admins'], usernames: ['alice'] }, { kind: 'fromGroups', groupPrefix: '' }],
  rules: [{ ...noConditions, call: 'authz.control', of: 'control', actions: [globPattern('pause')], subject: { kind: 'role', role: globPattern('ops') }, defaultDeny: true }, { ...noConditions, call: 'authz.anyControlEndpoint', of: 'control', subject: { kind: 'role', role: globPattern('admins') }, defaultDeny: true }],
}

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration()) })
afterAll(() => api?.close())
const configure = (www: Partial<WwwConfig>) => api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, ...www } }) })
beforeEach(() => configure({ auth: users, authz }))

/** The headers of somebody who has signed in. */
async function signedIn(username: string, groups: string[] = []) {
  const value = systemRandom().bytes(32).toString('base64url')
  await transaction(api.db, null, tx => startUserSession(tx, { id: digest(value), username, fullName: null, email: null, groups, authority: 'users', credential: credentialOf(value, passwords[username] ?? ''), idleSeconds: 3600, most: 10 }))
  return { cookie: `${cookieName('yard_session', cookiePlace('http://127.0.0.1:8010/'))}=${value}` }
}

type Headers = { [name: string]: string }
async function ask(method: string, path: string, headers: Headers = {}, body?: object) {
  const response = await fetch(`${api.url}/api/yard/v1${path}`, { method, headers: { 'content-type': 'application/json', accept: 'application/json', 'sec-fetch-site': 'same-origin', origin: api.url, ...headers }, ...(body && { body: JSON.stringify(body) }) })
  const answer: unknown = await response.json()
  return { status: response.status, body: answer as { token: { id: number }; tokens: { name: string; works: boolean; usedAt: number | null }[]; secret: string; error: string; actions: { [field: string]: unknown }[]; next: number | null; access: object } }
}

it('a token is made by who has signed in, is told once, acts for him, and ends when he says so', async () => {
  const alice = await signedIn('alice')
  const { status, body: { token, secret } } = await ask('POST', '/tokens', alice, { name: 'laptop', scopes: ['read', 'control'], days: 7 })
  expect([status, token]).toMatchObject([200, { name: 'laptop', username: 'alice', scopes: ['read', 'control'], works: true, usedAt: null }])
  expect(secret).toMatch(/^yard_[0-9a-f]{72}$/)
  const { rows } = await api.db.pool.query<{ row: string }>('SELECT api_tokens::text || control_actions::text AS row FROM api_tokens, control_actions')
  expect(rows.some(({ row }) => row.includes(secret.slice(5, 60)))).toBe(false)

  expect((await ask('POST', '/pools/nothing/pause', bearer(secret), {})).status).toBe(404)
  expect((await ask('GET', '/audit', bearer(secret))).status).toBe(200)
  expect((await ask('GET', '/tokens', alice)).body.tokens).toMatchObject([{ name: 'laptop', usedAt: expect.any(Number) }])

  expect(await ask('POST', '/tokens', alice, { name: 'laptop', scopes: ['read'] })).toMatchObject({ status: 409, body: { error: expect.stringContaining('already') } })
  expect((await ask('POST', '/tokens', bearer(secret), { name: 'child', scopes: ['read'] }))).toMatchObject({ status: 403, body: { error: expect.stringContaining('a token makes and ends no tokens') } })
  expect(await ask('DELETE', `/tokens/${token.id}`, alice)).toMatchObject({ status: 200, body: { token: { works: false, revoked: { by: 'user:alice' } } } })
  expect((await ask('GET', '/workers', bearer(secret))).status).toBe(401)
  expect((await ask('DELETE', `/tokens/${token.id}`, alice)).status).toBe(409)
})

it('nobody sees or ends those of others, but who administers', async () => {
  const [alice, bob] = [await signedIn('alice'), await signedIn('bob')]
  const { body: { token } } = await ask('POST', '/tokens', bob, { name: 'mine', scopes: ['read'] })
  const { body: { token: hers } } = await ask('POST', '/tokens', alice, { name: 'hers', scopes: ['read'] })
  expect((await ask('GET', '/tokens', bob)).body.tokens.map(({ name }) => name)).toEqual(['mine'])
  expect([(await ask('GET', '/tokens?all=true', bob)).status, (await ask('DELETE', `/tokens/${hers.id}`, bob)).status]).toEqual([403, 404])
  expect((await ask('GET', '/tokens?all=true', alice)).body.tokens.map(({ name }) => name)).toEqual(expect.arrayContaining(['mine', 'hers']))
  expect(await ask('DELETE', `/tokens/${token.id}`, alice)).toMatchObject({ status: 200, body: { token: { revoked: { by: 'user:alice' } } } })
  expect([(await ask('GET', '/tokens')).status, (await ask('POST', '/tokens', {}, { name: 'x', scopes: ['read'] })).status]).toEqual([401, 403])
})

it('refuses what cannot be a token', async () => {
  const alice = await signedIn('alice')
  for (const body of [{ name: '', scopes: ['read'] }, { name: 'x', scopes: [] }, { name: 'x', scopes: ['Read!'] }, { name: 'x\ny', scopes: ['read'] }, { name: 'x', scopes: ['builder:\n'] }, { name: 'x', scopes: ['read'], days: 367 }, { name: 'x', scopes: ['read'], more: 1 }]) {
    expect([body, (await ask('POST', '/tokens', alice, body)).status]).toEqual([body, 400])
  }
})

it('a user\'s groups count for his tokens as his newest sign-in tells them, for 90 days', async () => {
  const token = bearer(await aToken(api, 'bob', ['read', 'control']))
  const pause = async () => (await ask('POST', '/workers/w1/pause', token, {})).status
  expect(await pause()).toBe(403)
  await api.db.pool.query("UPDATE api_tokens SET vouched_at = now() - interval '1 hour' WHERE username = 'bob'")
  await signedIn('bob', ['ops'])
  expect(await pause()).toBe(200)
  await api.db.pool.query("DELETE FROM user_sessions WHERE username = 'bob'")
  expect(await pause()).toBe(200)
  await api.db.pool.query("UPDATE api_tokens SET vouched_at = now() - interval '91 days' WHERE username = 'bob'")
  expect(await pause()).toBe(403)
})

it('tells who did what, by pages, and to nobody without the right', async () => {
  const alice = await signedIn('alice')
  expect((await ask('GET', '/audit', await signedIn('bob'))).status).toBe(403)
  for (const action of ['pause', 'unpause', 'pause']) await ask('POST', `/workers/w1/${action}`, await signedIn('bob', ['ops', 'admins']), { reason: 'line\none' })
  const first = await ask('GET', '/audit?thing=workers&actor=user:bob&limit=2', alice)
  expect(first.body.actions).toMatchObject([{ action: 'pause', username: 'bob', via: 'user', address: expect.stringContaining('127.0.0.1'), outcome: 'done', parameters: { reason: 'line\none' } }, { action: 'unpause' }])
  const second = await ask('GET', `/audit?thing=workers&actor=user:bob&limit=2&before=${first.body.next}`, alice)
  expect(second.body.actions.length).toBeGreaterThan(0)
  expect((await ask('GET', '/audit?outcome=refused&action=audit', alice)).body.actions).toMatchObject([{ actor: 'user:bob', note: expect.stringContaining('admins') }])
})

it('explains which rule decides', async () => {
  const { rows: [worker] } = await api.db.pool.query<{ id: number }>('SELECT id FROM workers')
  const path = `/access?action=pause&thing=workers&id=${worker!.id}`
  expect((await ask('GET', path, await signedIn('bob'))).body.access).toEqual({ allowed: false, rule: 1, why: "you need to have role 'ops' (rule 1, authz.control)" })
  expect((await ask('GET', path, await signedIn('bob', ['ops']))).body.access).toMatchObject({ allowed: true, rule: 1 })
  expect((await ask('GET', '/access?action=pause&thing=weather')).status).toBe(404)
})

it('where nobody signs in tokens are anybody\'s, and limited by their scopes all the same', async () => {
  configure({})
  const { body: { secret } } = await ask('POST', '/tokens', {}, { name: 'robot', scopes: ['read', 'unpause'] })
  expect([(await ask('POST', '/workers/w1/pause', bearer(secret), {})).status, (await ask('POST', '/workers/w1/unpause', bearer(secret), {})).status]).toEqual([403, 200])
  // With sign-in, it is nobody's.
  configure({ auth: users })
  expect((await ask('GET', '/workers', bearer(secret))).status).toBe(401)
})
