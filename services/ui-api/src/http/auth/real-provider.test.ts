import { sessionsDefaults, wwwDefaults, type OidcAuth, type WwwConfig } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { browserLike, type BrowserLike, type Visit } from '../../testing/browser-like.js'
import { client } from '../../testing/fake-provider.js'
import { startRealOpenId, type RealOpenId } from '../../testing/real-open-id.js'

let api: TestApi
let another: { url: string; close(): Promise<void> }
let byUserinfo: RealOpenId
let byToken: RealOpenId
const redirectUri = 'http://127.0.0.1:8010/auth/login'
const use = (provider: RealOpenId, more: Partial<OidcAuth> = {}, www: Partial<WwwConfig> = {}) => api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, ...www, auth: {
  kind: 'oidc', clientId: client.id, clientSecret: { $secret: 'oauth' }, autologin: false, name: 'Example SSO', issuer: provider.url, scopes: ['openid', 'profile', 'email', 'groups'], groups: null,
  claims: { username: 'preferred_username', fullName: 'name', email: 'email', groups: 'groups' }, ...more,
} } }) })

beforeAll(async () => {
  [byUserinfo, byToken, api] = await Promise.all([startRealOpenId({ redirectUri, claimsIn: 'userinfo' }), startRealOpenId({ redirectUri, claimsIn: 'idToken' }), startApi(aConfiguration())])
  api.secrets.set('oauth', client.secret)
  another = await api.replica()
})
afterAll(async () => {
  await another?.close()
  await Promise.all([api?.close(), byUserinfo?.close(), byToken?.close()])
})

const who = async (browser: BrowserLike): Promise<unknown> => JSON.parse((await browser.go(`${another.url}/auth/user`)).text)
const placeOf = ({ headers, status, text }: Visit): string => headers.get('location') ?? expect.fail(`no way on: ${status} ${text}`)

/** To the provider and through it, up to where it sends the browser back to: to the other replica. */
async function comesBackTo(browser: BrowserLike, leave: (url: string) => string = url => url): Promise<string> {
  let to = leave(placeOf(await browser.go(`${api.url}/auth/login?page=/builders/7`)))
  for (let hop = 0; hop < 10 && !to.startsWith(redirectUri); hop++) to = new URL(placeOf(await browser.go(to)), to).href
  return to.replace('http://127.0.0.1:8010', another.url)
}

async function signIn(browser: BrowserLike): Promise<Visit> {
  return browser.go(await comesBackTo(browser))
}
const refused = (status: number, words: string) => ({ status, text: expect.stringContaining(words) })

it('a certified provider signs in, with groups from userinfo and from the ID token, for as long as its word counts', async () => {
  for (const provider of [byUserinfo, byToken]) {
    use(provider, { groups: ['builders'] }, { sessions: { ...sessionsDefaults, oauth: 3_600 } })
    const browser = browserLike()
    const back = await signIn(browser)
    expect([back.status, back.headers.get('location')]).toEqual([302, '/builders/7'])
    expect(back.headers.getSetCookie().join('\n')).toMatch(/^yard_session=[\w-]{43}; Max-Age=3600;/m)
    expect(await who(browser)).toEqual({ username: 'ann', full_name: 'Ann', email: 'ann@example.org', groups: ['builders', 'top/sub'] })
  }
  const { rows } = await api.db.pool.query<{ left: number }>('SELECT extract(epoch FROM expires_at - created_at)::float8 AS left FROM user_sessions')
  for (const { left } of rows) expect(left).toBeLessThanOrEqual(3_600)
})

it('who is no member, or is called otherwise by another claim, does not come in', async () => {
  use(byUserinfo, { groups: ['strangers'] })
  expect(await signIn(browserLike())).toMatchObject(refused(403, 'ann is not a member of strangers'))
  use(byUserinfo)
  const browser = browserLike()
  await signIn(browser)
  expect(await who(browser)).toMatchObject({ username: 'ann' })
  use(byUserinfo, { claims: { username: 'email', fullName: 'name', email: 'email', groups: 'groups' } })
  expect(await who(browser)).toEqual({ anonymous: true })
})

it('keys that were changed just now count, and those before them no more', async () => {
  use(byToken)
  for (let time = 0; time < 3; time++) {
    expect((await signIn(browserLike())).status).toBe(302)
    byToken.rotateKeys()
  }
})

it('who says no at the provider is told so', async () => {
  use(byUserinfo)
  byUserinfo.consents = false
  try {
    expect(await signIn(browserLike())).toMatchObject(refused(403, 'access was denied'))
  } finally {
    byUserinfo.consents = true
  }
})

it('a code is good once, for who asked for it, in the browser that did', async () => {
  use(byUserinfo)
  const [ann, mallory] = [browserLike(), browserLike()]
  const back = await comesBackTo(ann)
  const carried = new Map(ann.cookies)
  expect(await mallory.go(back)).toMatchObject(refused(400, 'did not begin in this browser'))
  const ofAnother = new URL(await comesBackTo(mallory))
  const mixed = new URL(back)
  mixed.searchParams.set('code', ofAnother.searchParams.get('code') ?? '')
  // Bound to another's verifier.
  expect(await browserWith(carried).go(mixed.href)).toMatchObject(refused(502, 'did not take the code'))
  expect((await ann.go(back)).status).toBe(302)
  expect(await browserWith(carried).go(back)).toMatchObject(refused(502, 'did not take the code'))
})

it('a code for another client, or an issuer that is another, is not taken', async () => {
  use(byUserinfo)
  expect(await signInBy(url => url.replace(`client_id=${client.id}`, 'client_id=another-client'))).toMatchObject(refused(502, 'did not take the code'))
  const browser = browserLike()
  const back = new URL(await comesBackTo(browser))
  expect(back.searchParams.get('iss')).toBe(byUserinfo.url)
  back.searchParams.set('iss', byToken.url)
  expect(await browser.go(back.href)).toMatchObject(refused(502, 'did not answer as it should'))
})
const signInBy = async (leave: (url: string) => string) => {
  const browser = browserLike()
  return browser.go(await comesBackTo(browser, leave))
}

it('while the provider is away nobody signs in, and everybody who has goes on', async () => {
  use(byUserinfo)
  const [ann, bob] = [browserLike(), browserLike()]
  await signIn(ann)
  const back = await comesBackTo(bob)
  byUserinfo.isAway = true
  try {
    expect(await bob.go(back)).toMatchObject(refused(502, 'did not answer'))
    expect(await who(ann)).toMatchObject({ username: 'ann' })
  } finally {
    byUserinfo.isAway = false
  }
  expect((await signIn(bob)).status).toBe(302)
})

it('what was begun and left does not fill up what a browser sends', async () => {
  use(byUserinfo)
  const browser = browserLike()
  for (let time = 0; time < 12; time++) await browser.go(`${api.url}/auth/login`)
  expect([...browser.cookies.keys()].filter(name => name.startsWith('yard_sign_in_'))).toHaveLength(8)
  expect((await signIn(browser)).status).toBe(302)
})

function browserWith(cookies: ReadonlyMap<string, string>): BrowserLike {
  const browser = browserLike()
  for (const [name, value] of cookies) browser.cookies.set(name, value)
  return browser
}
