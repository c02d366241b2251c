import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../test/kit/installation.js'
import { startApi, type Answer, type TestApi } from '../testing/api.js'
import { connectWorker, request, start, writeLog } from '../testing/builds.js'

let api: TestApi
let stepId = 0
beforeAll(async () => {
  api = await startApi(aConfiguration({ workers: [aWorker('w1')], builders: [aBuilder('b1')] }))
  const build = await start(api, await request(api, 'b1'), { worker: await connectWorker(api, 'w1') })
  stepId = build.steps[0]!.id
})
afterAll(() => api?.close())

const json = { accept: 'application/json' }
const etagOf = ({ headers }: Answer) => headers.get('etag') ?? ''

it.each(['/api/v2/builds?limit=50', '/api/v2/builds/1', '/api/yard/v1/workers', '/builders'])('%s is not sent again as long as it is the same', async path => {
  const first = await api.get(path, json)
  expect([first.status, etagOf(first)]).toEqual([200, expect.stringMatching(/^W\/".+"$/)])
  for (const encoding of ['gzip', 'identity']) {
    const again = await api.get(path, { ...json, 'if-none-match': `"another", ${etagOf(first)}`, 'accept-encoding': encoding })
    expect([again.status, again.text, etagOf(again)]).toEqual([304, '', etagOf(first)])
  }
  expect((await api.get(path, { ...json, 'if-none-match': 'W/"another"' })).status).toBe(200)
})

it('what changed is sent, and so is another form of the same', async () => {
  const first = await api.get('/api/v2/workers/w1', json)
  expect((await api.get('/api/v2/workers/w1', { accept: 'text/html', 'if-none-match': etagOf(first) })).status).toBe(200)
  await api.control('workers/w1', 'pause')
  const second = await api.get('/api/v2/workers/w1', { ...json, 'if-none-match': etagOf(first) })
  expect([second.status, second.text]).toEqual([200, expect.stringContaining('"paused":true')])
})

it('a refusal is told each time', async () => {
  const first = await api.get('/api/v2/builds/4711', json)
  expect((await api.get('/api/v2/builds/4711', { ...json, 'if-none-match': etagOf(first) })).status).toBe(404)
})

it('a log that has not grown is not read again', async () => {
  const log = await writeLog(api, stepId, { lines: ['o one', 'o two'], chunks: [2] })
  const path = `/api/v2/logs/${log}/raw`
  const first = await api.get(path)
  expect([first.status, etagOf(first)]).toEqual([200, `W/"log-${log}-2-open"`])
  expect(await api.get(path, { 'if-none-match': etagOf(first) })).toMatchObject({ status: 304, text: '' })
  await api.db.pool.query('UPDATE logs SET complete = true WHERE id = $1', [log])
  const complete = await api.get(path, { 'if-none-match': etagOf(first) })
  expect([complete.status, etagOf(complete)]).toEqual([200, `W/"log-${log}-2"`])
})
