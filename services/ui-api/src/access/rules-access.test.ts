import { globPattern, noConditions, wwwDefaults, type AllowRule } from '@yardmaster/domain'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'

const rule = (more: Partial<AllowRule>): AllowRule => ({ ...noConditions, call: 'authz.control', of: 'control', subject: { kind: 'signedIn' }, defaultDeny: true, ...more })
const configuration = (www: Partial<typeof wwwDefaults>) => aConfiguration({ workers: [aWorker('w1'), aWorker('w2')], builders: [aBuilder('b1')], www: { ...wwwDefaults, ...www } })

let api: TestApi
beforeAll(async () => { api = await startApi(configuration({})) })
afterAll(() => api.close())
const reload = (www: Partial<typeof wwwDefaults>) => api.setGeneration({ id: api.generationId, configuration: configuration(www) })

it('acts on the rules of the active configuration, at once', async () => {
  expect((await api.control('workers/w1', 'pause')).status).toBe(200)
  reload({ authz: { roleMatchers: [], rules: [rule({ worker: globPattern('w1') }), rule({ subject: { kind: 'anybody' } })] } })
  const refused = await api.control('workers/w1', 'unpause')
  expect([refused.status, refused.body]).toEqual([403, { jsonrpc: '2.0', id: 7, error: { code: -32600, message: expect.stringContaining('you need to sign in (rule 1, authz.control)') } }])
  expect((await api.control('workers/w2', 'pause')).status).toBe(200)
  expect(await api.rows('workers?field=name&field=paused&order=name')).toEqual([{ name: 'w1', paused: true }, { name: 'w2', paused: true }])
})

it('reading can be closed', async () => {
  reload({ reading: 'closed' })
  for (const path of ['/api/v2/builds', '/api/latest/builders', '/api/yard/v1/workers', '/api', '/api/v2/nothing', '/sse/listen/builds/*/*', '/api/v2/logs/1/raw']) {
    const answer = await api.get(path)
    expect([path, answer.status, answer.headers.get('www-authenticate')]).toEqual([path, 401, 'Bearer realm="Yardmaster"'])
  }
  expect((await api.get('/health')).status).toBe(200)
  expect((await api.control('workers/w1', 'unpause')).body).toMatchObject({ error: { message: expect.stringContaining('you need to sign in') } })
})

it('rules about everything are about reading too, and may name a path', async () => {
  reload({ authz: { roleMatchers: [], rules: [rule({ of: 'all', path: globPattern('/api/v2/workers*') })] } })
  expect([(await api.get('/api/v2/workers')).status, (await api.get('/api/latest/%77orkers/w1')).status, (await api.get('/api/v2/builders')).status]).toEqual([401, 401, 200])
})
