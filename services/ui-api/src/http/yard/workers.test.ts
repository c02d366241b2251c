import { transaction } from '@yardmaster/db'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { requestInstances } from '@yardmaster/db/verbs/request-instances'
import { poolDefaults, RETRY } from '@yardmaster/domain'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, request, start } from '../../testing/builds.js'

const always = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', to: '00:00', timeZone: 'UTC', reason: 'it is never up' } as const
let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(aConfiguration({
    workers: [aWorker('w1', { labels: { room: 'attic' }, notes: 'loud', capacity: 4 }), aWorker('w2', { downtime: [{ ...always, days: [...always.days] }] }), aWorker('w 3/x'), aWorker('x-1', { pool: 'x', password: null })],
    pools: [{ ...poolDefaults, name: 'x', workers: ['x-1'], maxUses: 1, provider: { kind: 'process', account: {}, machine: {} } }],
    builders: [aBuilder('b1', { units: 3 })],
  }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())

it('tells all that there is to know', async () => {
  const worker = await connectWorker(api, 'w1')
  await start(api, await request(api, 'b1'), { worker })
  const [none, w1, w2] = await yard.workers()
  expect(none).toMatchObject({ name: 'w 3/x', connected: null, awaySince: null, unavailable: 'is not connected' })
  expect(w1).toMatchObject({
    name: 'w1', connected: { protocol: 'yardmaster', host: 'localhost' }, missing: false, builds: 1, units: 3, capacity: 4, paused: null, graceful: false, failures: 0, quarantine: null,
    downtime: null, unavailable: null, labels: { room: 'attic' }, notes: 'loud', status: null, info: { admin: 'me' },
  })
  expect(w2).toMatchObject({ name: 'w2', downtime: { timeZone: 'UTC', reason: 'it is never up' } })
  await api.db.pool.query(`UPDATE workers SET status = '{"load1": 1, "diskFreeBytes": 2, "memoryFreeBytes": 3, "at": 5000}', quarantined_until = now() + interval '100 s', quarantine_reason = 'its disk is full', failures = 3 WHERE name = 'w1'`)
  const sick = await yard.worker('w1')
  expect(sick).toMatchObject({ status: { load1: 1, diskFreeBytes: 2, memoryFreeBytes: 3, at: 5 }, quarantine: { reason: 'its disk is full' }, unavailable: expect.stringContaining('is in quarantine') as string })
  expect(await yard.controlWorker('w1', 'unquarantine')).toMatchObject({ quarantine: null, failures: 0, unavailable: null })
})

it('tells what machine a latent worker has', async () => {
  const why = async () => (await yard.worker('x-1')).unavailable
  expect(await why()).toBe('has no machine')
  const { id: workerId } = await yard.worker('x-1')
  await transaction(api.db, null, tx => requestInstances(tx, { set: 'main', newest: 0, wanted: [{
    poolId: 1, workerId, provider: 'process', generationId: api.generationId, fingerprint: null, requestId: null, zone: null, plan: null, price: null, reason: 'a test' }] }))
  expect(await why()).toBe('has a machine that is starting for 10 s')
  await connectWorker(api, 'x-1')
  expect(await why()).toBeNull()
  await api.db.pool.query('UPDATE instances SET uses = 1')
  expect(await why()).toBe('has a machine that gets no further build (it has had its build)')
})

it('is controlled by name or number, and who did it is kept', async () => {
  expect(await yard.controlWorker('w 3/x', 'pause', { reason: 'a look inside' })).toMatchObject({ paused: { reason: 'a look inside' } })
  const { id } = await yard.controlWorker('w 3/x', 'unpause')
  expect(await yard.controlWorker(id, 'stop')).toMatchObject({ graceful: true, paused: null })
  const { rows } = await api.db.pool.query('SELECT actor, action, parameters FROM control_actions WHERE thing = $1 AND thing_id = $2 ORDER BY id', ['workers', id])
  expect(rows).toEqual([['pause', { reason: 'a look inside' }], ['unpause', {}], ['stop', {}]].map(([action, parameters]) => ({ actor: 'user:anonymous', action, parameters })))
  await expect(yard.controlWorker('nobody', 'pause')).rejects.toMatchObject({ status: 404 })
  expect((await fetch(`${api.url}/api/yard/v1/workers/w1/explode`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })).status).toBe(404)
})

it('kills, as Buildbot\'s own action does', async () => {
  const { builds } = await yard.worker('w1')
  expect(builds).toBe(1)
  expect(await yard.controlWorker('w1', 'kill', { reason: 'it burns' })).toMatchObject({ killed: true, builds: 0, connected: null })
  expect((await api.rows('builds'))[0]).toMatchObject({ results: RETRY })
  expect((await api.control('workers/2', 'kill')).status).toBe(200)
})

it('a missing worker is told to live clients in Buildbot\'s words', async () => {
  const { workerId, sessionNumber } = await connectWorker(api, 'w2')
  await transaction(api.db, null, tx => closeSession(tx, { workerId, number: sessionNumber }))
  const heard = fetch(`${api.url}/sse/listen/workers/*/missing`, { headers: { accept: 'text/event-stream' } })
  const response = await heard
  const reader = response.body!.getReader()
  await reader.read()
  await transaction(api.db, null, async tx => tx.publish({ type: 'worker.missing', id: workerId, version: 99, project: null }))
  let text = ''
  while (!text.includes('last_connection')) text += new TextDecoder().decode((await reader.read()).value)
  await reader.cancel()
  expect(text).toContain(`"key":["workers","${workerId}","missing"]`)
  expect(text).toMatch(/"notify":\[\]/)
})
