import { FAILURE, SUCCESS, wwwDefaults, type WwwConfig } from '@yardmaster/domain'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, finish, request, start } from '../../testing/builds.js'

const configuration = aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false }), aBuilder('a <b>&c.svg')] })
let api: TestApi
beforeAll(async () => { api = await startApi(configuration) })
afterAll(() => api?.close())
beforeEach(() => configured({}))

const configured = (www: Partial<WwwConfig>) => api.setGeneration({ id: api.generationId, configuration: { ...configuration, www: { ...wwwDefaults, ...www } } })
const svg = async (path: string) => {
  const { status, headers, text } = await api.get(path)
  expect([status, headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8'])
  return text
}

describe('what Buildbot’s page is told', () => {
  it('is the same as JSON and as a script, in all of the forms that its versions ask for', async () => {
    const { body, headers } = await api.get('/config')
    expect(headers.get('content-type')).toMatch('application/json')
    expect(body).toEqual({
      auth: { name: 'NoAuth' }, avatar_methods: [{ name: 'initials' }], buildbotURL: 'http://127.0.0.1:8010/', buildbotURLs: ['http://127.0.0.1:8010/'], multiMaster: true, plugins: {}, port: '8010',
      project_widgets: [], title: 'Test', titleURL: 'http://127.0.0.1:8010/', ui_default_config: {}, user: { anonymous: true }, user_any_access_allowed: true, versions: [['Yardmaster', '0.1.0']],
    })
    expect((await api.get('/config.json')).body).toEqual(body)
    expect((await api.get('/config.js')).text).toBe(`window.buildbotFrontendConfig = ${JSON.stringify(body)};\n`)
  })

  it('has what is configured for it, and cannot end the script that it is put into', async () => {
    configured({ plugins: { console_view: {}, wsgi_dashboards: [{ name: 'load' }], badges: { left_text: 'CI' } }, uiDefaultConfig: { 'Home.max_recent_builds': 20 }, avatarMethods: ['gravatar'], defaultPage: 'builders', versions: [['</script>', '14']] })
    const { body, text } = await api.get('/config')
    expect(body).toMatchObject({ plugins: { console_view: {}, wsgi_dashboards: [{ name: 'load' }] }, ui_default_config: { 'Home.max_recent_builds': 20 }, avatar_methods: [{ name: 'gravatar' }], default_page: 'builders', versions: [['Yardmaster', '0.1.0'], ['</script>', '14']] })
    expect(body.plugins).not.toHaveProperty('badges')
    expect(text).not.toContain('</script')
  })
})

describe('pictures of people', () => {
  it('are their initials, always on the same colour', async () => {
    const ann = await svg('/avatar?email=ann.doe@example.org')
    expect(ann).toMatch(/width="32".*>AD<\/text>/s)
    expect(await svg('/avatar?email=ann.doe@example.org')).toBe(ann)
    expect(await svg('/avatar?username=Zoë+Ünal&size=64')).toMatch(/width="64".*>ZÜ<\/text>/s)
    expect(await svg('/avatar?email=%22Bob%20Roe%22%20%3Cbob%40example.org%3E&size=junk')).toMatch(/width="32".*>BR<\/text>/s)
    expect(await svg('/avatar?email=%3C%26%00%22&size=99999999')).toMatch(/width="512"/)
    expect(await svg('/avatar')).toContain('>?</text>')
    // A pattern that tries every way to read it would take hours.
    expect(await svg(`/avatar?email=${'+'.repeat(10_000)}%3C%3C`)).toContain('>?</text>')
  })

  it('come from Gravatar where that is configured', async () => {
    configured({ avatarMethods: ['gravatar'] })
    const { status, headers } = await fetch(`${api.url}/avatar?email=Foo@Bar.com&size=17`, { redirect: 'manual' })
    expect([status, headers.get('location')]).toEqual([302, '//www.gravatar.com/avatar/f3ada405ce890b6f8204094deb12d8a8?d=retro&s=17'])
  })
})

describe('badges', () => {
  it('tell how the newest build of a builder stands, by name and by number', async () => {
    expect(await svg('/plugins/badges/b1.svg')).toContain('<title>Build Status: unknown</title>')
    const worker = await connectWorker(api, 'w1')
    const first = await start(api, await request(api, 'b1'), { worker })
    expect(await svg('/plugins/badges/1.svg')).toContain('<title>Build Status: running</title>')
    await finish(api, first, FAILURE)
    expect(await svg('/plugins/badges/b1.svg')).toMatch(/Build Status: failure.*fill="#e05d44"/s)
    await finish(api, await start(api, await request(api, 'b1'), { worker }), SUCCESS)
    expect(await svg('/plugins/badges/b1.svg')).toMatch(/Build Status: success.*fill="#4c1"/s)
  })

  it('take Buildbot’s options from their address, and from the configuration', async () => {
    configured({ plugins: { badges: { left_text: 'CI', left_pad: 20, color_scheme: { success: 'purple' } } } })
    const plain = await svg('/plugins/badges/b1.svg')
    expect(plain).toMatch(/CI: success.*fill="purple"/s)
    const asked = await svg('/plugins/badges/b1.svg?left_text=a+%3Cb%3E&left_color=%23abc&style=flat-square&left_pad=x&right_pad=9999&font_size=12')
    expect(asked).toMatch(/aria-label="a &lt;b&gt;: success".*fill="#abc"/s)
    expect(asked).toContain('rx="0"')
    expect(await svg('/plugins/badges/b1.svg?left_color="onload="x')).not.toContain('onload')
  })

  it('of builders with odd names or of nobody are pictures, too', async () => {
    expect(await svg(`/plugins/badges/${encodeURIComponent('a <b>&c.svg')}.svg`)).toContain('unknown')
    expect(await svg('/plugins/badges/nobody.svg')).toContain('unknown')
    expect(await svg('/plugins/badges/b1.png?left_text=x')).toContain('x: success')
    expect((await api.get('/plugins/badges/%00.svg')).status).toBe(404)
  })

  it('may be shown by pages of others', async () => {
    expect((await api.get('/plugins/badges/b1.svg')).headers.get('cross-origin-resource-policy')).toBe('cross-origin')
  })
})
