import { wwwDefaults, type AuthConfig, type WwwConfig } from '@yardmaster/domain'
import { changedUserFile, replaceUserFile } from '@yardmaster/runtime/passwords'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { until } from '../../../../../test/kit/until.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { browserLike, type BrowserLike } from '../../testing/browser-like.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-users-'))
const file = join(folder, 'users')
/** As cheap as bcrypt can be. */
const hashes: { [password: string]: string } = {
  'correct horse': '$2y$04$IEPBjUH0n6Z6luvkmEb8L.C/PBin.T8PJwOpRjd4kOjVf.LJw6/Bm',
  'old password': '$2y$04$kxh5C./okyHQ4ZQaoPHRYO9zR3DLcg4p7egqHNW/XX0YV2WE26mjG',
  'new password': '$2y$04$eSkJJbzL8O9NYwyrPsG8y.ou561GgWgZpYCvdUP7IarM5WPqYJbEi',
}
const setUser = async (name: string, password: string | null) => {
  let text = ''
  try { text = readFileSync(file, 'utf8') } catch {}
  await replaceUserFile(file, changedUserFile(text, name, password === null ? null : hashes[password] ?? '') ?? text, String(Math.random()))
}

let api: TestApi
const useWww = (www: Partial<WwwConfig>) => api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, ...www } }) })
const userFile: AuthConfig = { kind: 'userFile', file }

beforeAll(async () => {
  await setUser('ann', 'correct horse')
  api = await startApi(aConfiguration())
})
afterAll(async () => {
  await api?.close()
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  useWww({ auth: userFile })
  await api.db.pool.query('DELETE FROM sign_in_failures')
})

const json = { 'content-type': 'application/json', accept: 'application/json' }
const signIn = (browser: BrowserLike, username: string, password: string, headers = {}) =>
  browser.go(`${api.url}/auth/login`, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify({ username, password }) })
const who = async (browser: BrowserLike): Promise<unknown> => JSON.parse((await browser.go(`${api.url}/auth/user`)).text)
const nobody = { anonymous: true }

describe('with a user file', () => {
  it('signs in, tells pages who it is, and signs out', async () => {
    const browser = browserLike()
    expect(await who(browser)).toEqual(nobody)
    const visit = await signIn(browser, 'ann', 'correct horse')
    expect([visit.status, JSON.parse(visit.text)]).toEqual([200, { username: 'ann', full_name: null, email: null, groups: [] }])
    expect(visit.headers.get('set-cookie')).toMatch(/^yard_session=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/)
    const config: unknown = JSON.parse((await browser.go(`${api.url}/config.json`)).text)
    expect(config).toMatchObject({ auth: { name: 'HTPasswdAuth' }, user: { username: 'ann' } })
    const { rows } = await api.db.pool.query('SELECT encode(id, \'base64\') AS id, username FROM user_sessions')
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain(browser.cookies.get('yard_session'))
    const stolen = browserLike()
    stolen.cookies.set('yard_session', browser.cookies.get('yard_session') ?? '')
    await browser.go(`${api.url}/auth/logout`)
    expect([await who(browser), await who(stolen)]).toEqual([nobody, nobody])
    expect(browser.cookies.size).toBe(0)
  })

  it('signs in as Buildbot\'s page and scripts do it', async () => {
    const browser = browserLike()
    const asked = await browser.go(`${api.url}/auth/login?redirect=/builders/1`)
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="Yardmaster", charset="UTF-8"'])
    const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`ann:${password}`).toString('base64')}` })
    expect((await browser.go(`${api.url}/auth/login`, { headers: basic('wrong') })).status).toBe(401)
    const done = await browser.go(`${api.url}/auth/login?redirect=/builders/1`, { headers: basic('correct horse') })
    expect([done.status, done.headers.get('location')]).toEqual([302, '/#/builders/1'])
    expect(await who(browser)).toMatchObject({ username: 'ann' })
  })
})

describe('a session', () => {
  it('is another one after each sign-in, whatever cookie was planted before', async () => {
    const browser = browserLike()
    browser.cookies.set('yard_session', 'planted')
    await signIn(browser, 'ann', 'correct horse')
    const first = browser.cookies.get('yard_session')
    await signIn(browser, 'ann', 'correct horse')
    const second = browser.cookies.get('yard_session')
    expect(new Set(['planted', first, second]).size).toBe(3)
    const before = browserLike()
    before.cookies.set('yard_session', first ?? '')
    await until('the first to be over', async () => JSON.stringify(await who(before)) === JSON.stringify(nobody))
    expect(await who(browser)).toMatchObject({ username: 'ann' })
  })

  it('is over when the user is removed or has another password, when it expires, and when people sign in elsewhere', async () => {
    await setUser('bob', 'old password')
    const bob = browserLike()
    const over = () => until('it to be over', async () => JSON.stringify(await who(bob)) === JSON.stringify(nobody))
    await signIn(bob, 'bob', 'old password')
    await setUser('bob', 'new password')
    await over()
    await signIn(bob, 'bob', 'new password')
    await setUser('bob', null)
    await over()
    await signIn(bob, 'ann', 'correct horse')
    await api.db.pool.query('UPDATE user_sessions SET expires_at = now()')
    await over()
    await signIn(bob, 'ann', 'correct horse')
    useWww({ auth: { kind: 'users', users: { ann: 'x' } } })
    expect(await who(bob)).toEqual(nobody)
  })

  it('goes on with use, up to its end, and is one of as many as a user may have', async () => {
    useWww({ auth: userFile, sessions: { idle: 600, longest: 3_600, oauth: 60, mostPerUser: 2 } })
    await api.db.pool.query('DELETE FROM user_sessions')
    const browsers = [browserLike(), browserLike(), browserLike()]
    for (const browser of browsers) await signIn(browser, 'ann', 'correct horse')
    expect(await Promise.all(browsers.map(who))).toEqual([nobody, expect.objectContaining({ username: 'ann' }), expect.objectContaining({ username: 'ann' })])
    const left = async (order: 'ASC' | 'DESC') => (await api.db.pool.query<{ seconds: number }>('SELECT extract(epoch FROM expires_at - now())::float8 AS seconds FROM user_sessions ORDER BY 1 ' + order + ' LIMIT 1')).rows[0]?.seconds ?? 0
    await api.db.pool.query("UPDATE user_sessions SET seen_at = now() - interval '5 minutes', expires_at = now() + interval '5 minutes'")
    await until('its use to be noted', async () => (await who(browsers[2] ?? browserLike()), await left('DESC') > 590))
    await api.db.pool.query("UPDATE user_sessions SET created_at = now() - interval '59 minutes', seen_at = now() - interval '5 minutes', expires_at = now() + interval '5 minutes'")
    await until('its end to be kept', async () => (await who(browsers[2] ?? browserLike()), await left('ASC') <= 60))
  })

  it('ends everywhere when its user says so, and is valid on all replicas', async () => {
    const other = await api.replica()
    const [here, there] = [browserLike(), browserLike()]
    await signIn(here, 'ann', 'correct horse')
    await signIn(there, 'ann', 'correct horse')
    expect(JSON.parse((await there.go(`${other.url}/auth/user`)).text)).toMatchObject({ username: 'ann' })
    await here.go(`${api.url}/auth/logout`, { method: 'POST', headers: json, body: '{"everywhere":true}' })
    await until('the other replica to know', async () => (await there.go(`${other.url}/auth/user`)).text.includes('anonymous'))
    await other.close()
    const { rows } = await api.db.pool.query("SELECT actor, action FROM control_actions WHERE thing = 'sessions' ORDER BY id DESC LIMIT 1")
    expect(rows).toEqual([{ actor: 'user:ann', action: 'sign_out_everywhere' }])
  })
})

describe('with passwords in the configuration', () => {
  it('a session is over with another password, without one, and without the user, on every replica', async () => {
    const other = await api.replica()
    const users = (passwords: { [name: string]: string | { $secret: string } }) => useWww({ auth: { kind: 'users', users: passwords } })
    const bob = browserLike()
    const known = async () => [await who(bob), JSON.parse((await bob.go(`${other.url}/auth/user`)).text)]
    const signedIn = expect.objectContaining({ username: 'bob' })
    const over = () => until('it to be over on both', async () => JSON.stringify(await known()) === JSON.stringify([nobody, nobody]))
    const begin = async (password: string) => {
      expect((await signIn(bob, 'bob', password)).status).toBe(200)
      expect(await known()).toEqual([signedIn, signedIn])
    }
    users({ bob: { $secret: 'bob' } })
    api.secrets.set('bob', 'old')
    await begin('old')
    const { rows } = await api.db.pool.query<{ credential: Buffer }>("SELECT credential FROM user_sessions WHERE username = 'bob'")
    for (const { credential } of rows) expect(credential).not.toEqual(createHash('sha256').update('old').digest())
    users({ ann: 'x', bob: { $secret: 'bob' } })
    expect(await known()).toEqual([signedIn, signedIn])
    api.secrets.set('bob', 'new')
    await over()
    await begin('new')
    api.secrets.delete('bob')
    await over()
    api.secrets.set('bob', 'new')
    bob.cookies.clear()
    await begin('new')
    users({ ann: 'x' })
    await over()
    await other.close()
  })
})

describe('guessing', () => {
  it('leaves no rows behind for names that are tried while the address is held', async () => {
    await api.db.pool.query("INSERT INTO sign_in_failures (subject, failures, held_until, last_at) VALUES ('address 127.0.0.1', 99, now() + interval '1 minute', now())")
    for (const name of ['a', 'b', 'c']) expect((await signIn(browserLike(), name, 'x')).status).toBe(429)
    expect((await api.db.pool.query('SELECT 1 FROM sign_in_failures')).rowCount).toBe(1)
  })

  it('is held after five tries, also at the same time and on another replica, and for the right password', async () => {
    const other = await api.replica()
    const tries = await Promise.all(Array.from({ length: 12 }, (_, at) => browserLike().go(`${at % 2 === 0 ? api.url : other.url}/auth/login`, { method: 'POST', headers: json, body: JSON.stringify({ username: 'ann', password: `guess ${at}` }) })))
    expect(tries.filter(({ status }) => status === 401).length).toBeLessThan(12)
    const held = tries.find(({ status }) => status === 429)
    expect(Number(held?.headers.get('retry-after'))).toBeGreaterThan(0)
    await api.db.pool.query("UPDATE sign_in_failures SET held_until = now() + interval '1 minute' WHERE subject LIKE 'name %'")
    expect((await signIn(browserLike(), 'ann', 'correct horse')).status).toBe(429)
    // Another name is none of its business.
    expect((await signIn(browserLike(), 'nobody', 'x')).status).toBe(401)
    await api.db.pool.query('UPDATE sign_in_failures SET held_until = now()')
    expect((await signIn(browserLike(), 'ann', 'correct horse')).status).toBe(200)
    await other.close()
    const { rows } = await api.db.pool.query<{ subject: string }>('SELECT subject FROM sign_in_failures')
    expect(JSON.stringify(rows)).not.toMatch(/nobody|ann/)
  })

  it('doubles the wait with each failure, up to a quarter of an hour', async () => {
    const waits: number[] = []
    for (let failures = 5; failures < 20; failures += 7) {
      await api.db.pool.query('UPDATE sign_in_failures SET held_until = now(), failures = $1', [failures])
      if (failures === 5) for (let at = 0; at < 5; at++) await signIn(browserLike(), 'carl', 'x')
      await signIn(browserLike(), 'carl', 'x')
      const { rows } = await api.db.pool.query<{ seconds: number }>("SELECT extract(epoch FROM held_until - last_at)::float8 AS seconds FROM sign_in_failures WHERE subject LIKE 'name %'")
      waits.push(Math.round(rows[0]?.seconds ?? 0))
    }
    expect(waits).toEqual([1, 128, 900])
  })

  it('says the same of names that are not there', async () => {
    const answers = [await signIn(browserLike(), 'ann', 'x'), await signIn(browserLike(), 'nobody', 'x')]
    expect(answers.map(({ status, text }) => [status, text])).toEqual(Array.from({ length: 2 }, () => [401, expect.stringContaining('the name or the password is wrong')]))
  })
})

describe('pages of others', () => {
  it.each<[{ [name: string]: string }, number]>([
    [{ origin: 'https://evil.example' }, 403], [{ origin: 'null' }, 403], [{ 'sec-fetch-site': 'cross-site' }, 403], [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'content-type': 'text/plain' }, 403], [{ 'sec-fetch-site': 'same-origin' }, 200],
  ])('sign nobody in: %j is answered with %i', async (headers, status) => {
    expect((await signIn(browserLike(), 'ann', 'correct horse', headers)).status).toBe(status)
  })

  it('neither sign anybody out, nor in by a link with a name of theirs, nor act', async () => {
    const browser = browserLike()
    await signIn(browser, 'ann', 'correct horse')
    await browser.go(`${api.url}/auth/logout`, { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(await who(browser)).toMatchObject({ username: 'ann' })
    const basic = { authorization: `Basic ${Buffer.from('ann:correct horse').toString('base64')}`, 'sec-fetch-site': 'cross-site' }
    const visit = await browserLike().go(`${api.url}/auth/login`, { headers: basic })
    expect([visit.status, visit.headers.get('location'), visit.headers.get('set-cookie')]).toEqual([302, '/sign-in?to=%2F', null])
    const call = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'pause', params: {} })
    const act = (headers: { [name: string]: string }) => browser.go(`${api.url}/api/v2/workers/w1`, { method: 'POST', headers: { ...json, ...headers }, body: call })
    const foreign: { [name: string]: string }[] = [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'content-type': 'text/plain' }]
    for (const headers of foreign) expect([headers, (await act(headers)).status]).toEqual([headers, 400])
    expect((await act({ 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  })
})
