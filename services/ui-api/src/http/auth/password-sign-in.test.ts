import { wwwDefaults, type AuthConfig, type WwwConfig } from '@yardmaster/domain'
import { changedUserFile, hashPassword, replaceUserFile } from '@yardmaster/runtime/passwords'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { browserLike, type BrowserLike } from '../../testing/browser-like.js'

const folder = mkdtempSync(join(tmpdir(), 'yard-users-'))
const file = join(folder, 'users')
const setUser = async (name: string, password: string | null) => {
  let text = ''
  try { text = readFileSync(file, 'utf8') } catch {}
  await replaceUserFile(file, changedUserFile(text, name, password === null ? null : hashPassword(password)) ?? text, String(Math.random()))
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
