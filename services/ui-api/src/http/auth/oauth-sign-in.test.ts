import { wwwDefaults, type AuthConfig, type OidcAuth } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { until } from '../../../../../test/kit/until.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { browserLike, type BrowserLike } from '../../testing/browser-like.js'
import { startFakeGithub } from '../../testing/fake-github.js'
import { startFakeOpenId, type FakeOpenId, type Flaw } from '../../testing/fake-open-id.js'
import { aToken, bearer } from '../../testing/tokens.js'
import { client, type FakeProvider } from '../../testing/fake-provider.js'

let api: TestApi
let another: { url: string; close(): Promise<void> }
let github: FakeProvider
let openId: FakeOpenId
const given = { clientId: client.id, clientSecret: { $secret: 'oauth' }, autologin: false }
const use = (auth: AuthConfig) => api.setGeneration({ id: api.generationId, configuration: aConfiguration({ www: { ...wwwDefaults, auth } }) })
const atGithub = (more = {}): AuthConfig => ({ kind: 'github', ...given, serverURL: github.url, apiURL: null, getTeamsMembership: true, organizations: null, ...more })
const atOpenId = (more: Partial<OidcAuth> = {}): AuthConfig => ({
  kind: 'oidc', ...given, name: 'Example SSO', issuer: openId.url, scopes: ['openid', 'profile'], groups: null,
  claims: { username: 'preferred_username', fullName: 'name', email: 'email', groups: 'groups' }, ...more,
})

beforeAll(async () => {
  [github, openId, api] = await Promise.all([startFakeGithub(), startFakeOpenId(systemClock()), startApi(aConfiguration())])
  another = await api.replica()
})
afterAll(async () => {
  await another?.close()
  await Promise.all([api?.close(), github?.close(), openId?.close()])
})
beforeEach(() => { api.secrets.set('oauth', client.secret) })
afterEach(() => { Object.assign(openId, { mishap: null, flaw: null, skewSeconds: 0, claims: {}, info: { preferred_username: 'ann', nickname: 'ann', name: 'Ann', email: 'ann@example.org', groups: ['builders', 'top/sub'] } }); github.mishap = null })

const start = (browser: BrowserLike, query = '') => browser.go(`${api.url}/auth/login${query}`)
/** Sent back by the provider; the balancer chose the other replica. */
const backAt = ({ headers }: { headers: Headers }): string => {
  const { pathname, search } = new URL(headers.get('location') ?? '')
  return `${another.url}${pathname}${search}`
}
const who = async (browser: BrowserLike): Promise<unknown> => JSON.parse((await browser.go(`${api.url}/auth/user`)).text)
/** All the way, and where it ends. */
async function signIn(browser: BrowserLike, query = ''): Promise<{ status: number; told: string }> {
  const atProvider = await start(browser, query)
  if (atProvider.status !== 302) return { status: atProvider.status, told: atProvider.text }
  const back = await browser.go(atProvider.headers.get('location') ?? '')
  const { status, text, headers } = await browser.go(backAt(back))
  return { status, told: headers.get('location') ?? text }
}

describe('GitHub', () => {
  it('signs in, with organizations and teams as groups, and comes back to the page', async () => {
    use(atGithub())
    const browser = browserLike()
    expect(await signIn(browser, '?redirect=/builders/7')).toEqual({ status: 302, told: '/#/builders/7' })
    const user = await who(browser)
    expect(user).toMatchObject({ username: 'octo-ann', full_name: 'Ann', email: 'ann@example.org' })
    const groups = (user as { groups: string[] }).groups
    expect([groups.length, groups.includes('org129'), groups.at(-1)]).toEqual([131, true, 'org7/release-team'])
    expect([...browser.cookies.keys()]).toEqual(['yard_session'])
  })

  it('lets members of the organizations in, and nobody else', async () => {
    use(atGithub({ organizations: ['ORG3'] }))
    expect((await signIn(browserLike())).status).toBe(302)
    use(atGithub({ organizations: ['strangers'] }))
    const browser = browserLike()
    expect(await signIn(browser)).toEqual({ status: 403, told: expect.stringContaining('octo-ann is not a member of strangers') })
    expect(await who(browser)).toEqual({ anonymous: true })
  })

  it.each([['denied', 403, /access was denied/], ['expired', 502, /sign in again/], ['down', 502, /sign in again/]] as const)('%s: %i', async (mishap, status, told) => {
    use(atGithub())
    github.mishap = mishap
    const browser = browserLike()
    expect(await signIn(browser)).toEqual({ status, told: expect.stringMatching(told) })
    expect(await who(browser)).toEqual({ anonymous: true })
    github.mishap = null
    expect((await signIn(browser)).status).toBe(302)
  })
})

describe('OpenID', () => {
  it('signs in by the claims that are named, and lets groups in', async () => {
    use(atOpenId({ groups: ['builders'] }))
    const browser = browserLike()
    expect(await signIn(browser, '?page=/workers?x=1')).toEqual({ status: 302, told: '/workers?x=1' })
    expect(await who(browser)).toEqual({ username: 'ann', full_name: 'Ann', email: 'ann@example.org', groups: ['builders', 'top/sub'] })
    use(atOpenId({ groups: ['others'] }))
    expect(await signIn(browserLike())).toMatchObject({ status: 403 })
    use(atOpenId({ claims: { username: 'nobody_has_it', fullName: 'name', email: 'email', groups: 'groups' } }))
    expect(await signIn(browserLike())).toEqual({ status: 403, told: expect.stringContaining('nobody_has_it') })
    use(atOpenId({ claims: { username: 'email', fullName: 'name', email: 'email', groups: 'groups' } }))
    expect(await signIn(browserLike())).toEqual({ status: 403, told: expect.stringContaining('has not verified') })
  })

  it('a member of no group that is let in any more is not signed in any more', async () => {
    use(atOpenId())
    const browser = browserLike()
    await signIn(browser)
    const token = bearer(await aToken(api, 'ann', ['read'], { authority: `oidc ${openId.url} preferred_username`, groups: ['builders'] }))
    const read = async () => (await browserLike().go(`${api.url}/api/v2/builders`, { headers: token })).status
    expect([await who(browser), await read()]).toEqual([expect.objectContaining({ username: 'ann' }), 200])
    use(atOpenId({ groups: ['top/sub'] }))
    await until('the session to be looked at again', async () => (await browser.go(`${another.url}/auth/user`)).text.includes('ann'))
    expect(await read()).toBe(401)
    use(atOpenId({ groups: ['others'] }))
    await until('the session to be over', async () => JSON.stringify(await who(browser)) === '{"anonymous":true}')
  })

  it('an address that is not verified is not taken', async () => {
    use(atOpenId())
    openId.claims = { email_verified: false }
    const browser = browserLike()
    await signIn(browser)
    expect(await who(browser)).toMatchObject({ username: 'ann', email: null })
  })

  it('GitLab is one', async () => {
    use({ kind: 'gitlab', ...given, instanceUri: openId.url, groups: ['top/sub'] })
    const browser = browserLike()
    expect((await signIn(browser)).status).toBe(302)
    expect(await who(browser)).toMatchObject({ username: 'ann', groups: ['builders', 'top/sub'] })
  })

  it.each<Flaw>(['nonce', 'issuer', 'audience', 'signature', 'expired', 'unsigned'])('an ID token of a wrong %s is none', async flaw => {
    use(atOpenId())
    openId.flaw = flaw
    const browser = browserLike()
    expect((await signIn(browser)).status).toBe(502)
    expect(await who(browser)).toEqual({ anonymous: true })
  })

  it('its clock may differ a little', async () => {
    use(atOpenId())
    openId.skewSeconds = 40
    expect((await signIn(browserLike())).status).toBe(302)
    openId.skewSeconds = -330
    expect((await signIn(browserLike())).status).toBe(302)
    openId.skewSeconds = -600
    expect((await signIn(browserLike())).status).toBe(502)
  })

  it('that was away when it was asked first is asked again', async () => {
    use(atOpenId({ name: 'Asked again' }))
    openId.mishap = 'down'
    expect(await signIn(browserLike())).toEqual({ status: 503, told: expect.stringContaining('Asked again cannot be reached') })
    openId.mishap = null
    expect((await signIn(browserLike())).status).toBe(302)
  })
})

describe('what was begun', () => {
  it('by another browser, or under another state, or twice, comes to nothing', async () => {
    use(atOpenId())
    const [mallory, ann] = [browserLike(), browserLike()]
    const begun = await start(mallory)
    const back = backAt(await mallory.go(begun.headers.get('location') ?? ''))
    expect((await ann.go(back)).status).toBe(400)
    await start(ann)
    expect((await ann.go(back)).status).toBe(400)
    expect(await who(ann)).toEqual({ anonymous: true })
    const wrong = new URL(back)
    wrong.searchParams.set('state', 'another')
    expect((await mallory.go(wrong.href)).status).toBe(400)
    expect((await mallory.go(back)).status).toBe(302)
    expect((await mallory.go(back)).status).toBe(400)
  })

  it('in two tabs goes on in both, and a cookie that was changed is none', async () => {
    use(atOpenId())
    const browser = browserLike()
    const tabs = [await start(browser), await start(browser)]
    const backs: string[] = []
    for (const tab of tabs) backs.push(backAt(await browser.go(tab.headers.get('location') ?? '')))
    expect((await browser.go(backs[0] ?? '')).status).toBe(302)
    const [name, value] = [...browser.cookies].find(([key]) => key.startsWith('yard_sign_in_')) ?? ['', '']
    browser.cookies.set(name, `${value.startsWith('A') ? 'B' : 'A'}${value.slice(1)}`)
    expect((await browser.go(backs[1] ?? '')).status).toBe(400)
    browser.cookies.set(name, value)
    expect((await browser.go(backs[1] ?? '')).status).toBe(302)
  })

  it('leaves no secret, code, token or session in the log', async () => {
    use(atOpenId())
    const browser = browserLike()
    const begun = await start(browser)
    const back = backAt(await browser.go(begun.headers.get('location') ?? ''))
    openId.flaw = 'nonce'
    await browser.go(back)
    openId.flaw = null
    await signIn(browser)
    const secrets = [client.secret, new URL(back).searchParams.get('code'), 'token-', browser.cookies.get('yard_session')]
    const told = api.log.join('\n')
    expect(told).toContain('somebody signed in')
    for (const secret of secrets) expect(told).not.toContain(secret ?? 'missing')
  })

  it('without its secret says so, and tells nobody the secret', async () => {
    use(atOpenId())
    api.secrets.delete('oauth')
    expect(await signIn(browserLike())).toEqual({ status: 503, told: expect.stringContaining("secret 'oauth' is not set") })
  })
})
