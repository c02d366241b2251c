import { transaction } from '@yardmaster/db'
import { instanceState, RETRY, SUCCESS, type Desired, type Observed } from '@yardmaster/domain'
import { createYardClient, instanceStates, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { anInstance, aPool } from '../../../../../test/kit/machine-rows.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, finish, request, start } from '../../testing/builds.js'

let api: TestApi
let yard: YardClient
const [big, single] = [aPool('big', { max: 3 }), aPool('up1')]
beforeAll(async () => {
  api = await startApi(aConfiguration({ workers: [...big.workers, ...single.workers], pools: [big.pool, single.pool], builders: [aBuilder('b1', { workers: big.pool.workers, collapseRequests: false })] }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())
beforeEach(async () => {
  for (const table of ['builds', 'build_requests', 'instances']) await api.db.pool.query(`DELETE FROM ${table}`)
})

it('tells of a machine what there is to know, but nothing secret', async () => {
  const id = await anInstance(api, 'up1', {
    zone: 'de-fra1', plan: '1xCPU-1GB', observed: 'running', external_id: 'ext-1', storages: ['disk-1'], address: '10.0.0.1', price_per_hour: 0.5, currency: 'EUR', billing_period: 3600,
    options: JSON.stringify({ userData: 'hunter2' }), password_hash: 'hash', uses: 4,
  }, { requested_at: '95 minutes', created_at: '90 minutes', started_at: '89 minutes' })
  const response = await api.get(`/api/yard/v1/instances/${id}`)
  expect(response.text).not.toMatch(/hunter2|hash/)
  const { instance, builds } = await yard.instance(id)
  expect(builds).toEqual([])
  expect(instance).toMatchObject({
    id, pool: 'up1', worker: 'up1', attempt: 1, provider: 'process', state: 'booting', desired: 'running', observed: 'running', operation: null, connected: false, zone: 'de-fra1', plan: '1xCPU-1GB',
    externalId: 'ext-1', storages: ['disk-1'], address: '10.0.0.1', reason: 'a build waits for it', endReason: null, failure: null, uses: 4, builds: 0,
    price: { perHour: 0.5, currency: 'EUR', period: 3600 }, cost: 1, goneAt: null,
  })
  expect(instance.createdAt! - instance.requestedAt).toBeCloseTo(300, 1)
  await expect(yard.instance(4711)).rejects.toMatchObject({ status: 404 })
})

it('are listed newest first, by pool, worker and state, page by page', async () => {
  const gone = await anInstance(api, 'big-1', { desired: 'gone', observed: 'absent', failure_class: 'elsewhere', failure: 'no capacity in de-fra1' }, { gone_at: '1 minute' })
  const first = await anInstance(api, 'big-1', { observed: 'starting' })
  const second = await anInstance(api, 'big-2', { desired: 'gone', observed: 'running', end_reason: 'idle for 10 minutes' })
  const other = await anInstance(api, 'up1')
  const ids = async (filter: Parameters<YardClient['instances']>[0]) => (await yard.instances(filter)).instances.map(instance => instance.id)
  expect(await ids({})).toEqual([other, second, first, gone])
  expect(await ids({ pool: 'big' })).toEqual([second, first, gone])
  expect(await ids({ worker: 'big-1' })).toEqual([first, gone])
  expect(await ids({ open: true })).toEqual([other, second, first])
  expect(await ids({ state: ['gone', 'removing'] })).toEqual([second, gone])
  const { instances, next } = await yard.instances({ pool: 'big', limit: 2 })
  expect([instances.map(instance => instance.id), next]).toEqual([[second, first], first])
  expect(await yard.instances({ pool: 'big', limit: 2, before: next! })).toMatchObject({ instances: [{ id: gone, state: 'gone', failure: { class: 'elsewhere', message: 'no capacity in de-fra1' } }], next: null })
  expect((await api.get('/api/yard/v1/instances?limit=many')).status).toBe(400)
  expect((await api.get('/api/yard/v1/instances?colour=red')).status).toBe(400)
  expect((await api.get('/api/yard/v1/instances?pool=%00')).status).toBe(400)
  expect((await api.get('/api/yard/v1/instances?state=gone,removing')).body).toMatchObject({ instances: [{ id: second }, { id: gone }] })
})

it('a filter names the states as the domain does', async () => {
  const worlds = (['running', 'gone'] as Desired[]).flatMap(desired => (['unknown', 'absent', 'starting', 'running', 'error'] as Observed[]).flatMap(observed =>
    ([null, 'create', 'remove'] as const).flatMap(operation => [false, true].flatMap(unsure => [false, true].map(gone => ({ desired, observed, operation, unsure, gone }))))))
  const expected = new Map<number, string>()
  for (const world of worlds) {
    const { desired, observed, operation } = world
    const id = await anInstance(api, 'up1', { desired, observed, operation, holds_slot: false }, { ...(world.unsure && { unsure_since: '1 second' }), ...(world.gone && { gone_at: '1 second' }) })
    expected.set(id, instanceState({ ...world, connected: false }))
  }
  const told = await Promise.all(instanceStates.map(async state => (await yard.instances({ state: [state], limit: 1000 })).instances.map(instance => [instance.id, state] as const)))
  expect(new Map(told.flat())).toEqual(expected)
  expect(told.flat().length).toBe(worlds.length)
})

it('builds bear the cost of their machine together', async () => {
  const id = await anInstance(api, 'big-1', { observed: 'running', price_per_hour: 3, currency: 'EUR', billing_period: 3600 }, { requested_at: '31 minutes', created_at: '30 minutes' })
  const worker = await connectWorker(api, 'big-1')
  await api.db.pool.query('UPDATE worker_sessions SET instance_id = $1 WHERE worker_id = $2', [id, worker.workerId])
  const one = await start(api, await request(api, 'b1'), { worker })
  await finish(api, one, SUCCESS)
  const two = await start(api, await request(api, 'b1'), { worker })
  await api.db.pool.query(`UPDATE builds SET instance_id = $1, started_at = now() - interval '30 minutes' WHERE id = ANY($2)`, [id, [one.buildId, two.buildId]])
  await api.db.pool.query(`UPDATE builds SET complete_at = now() - interval '20 minutes' WHERE id = $1`, [one.buildId])
  const { instance, builds } = await yard.instance(id)
  expect(instance).toMatchObject({ state: 'ready', connected: true, builds: 1, cost: 3 })
  expect(builds).toMatchObject([{ buildid: two.buildId, builder: 'b1', results: null, completeAt: null }, { buildid: one.buildId, results: SUCCESS }])
  expect(builds.map(build => build.cost)).toEqual([expect.closeTo(2.25, 3), expect.closeTo(0.75, 3)])
  expect(await yard.machineOfBuild(one.buildId)).toMatchObject({ instance: { id }, cost: expect.closeTo(0.75, 3) as number })
  await api.db.pool.query('UPDATE builds SET instance_id = NULL')
  expect(await yard.machineOfBuild(one.buildId)).toBe(null)
  await expect(yard.machineOfBuild(4711)).rejects.toMatchObject({ status: 404 })
})

it('stops when it has built, or at once, and who did it is kept', async () => {
  const idle = await anInstance(api, 'up1', { observed: 'running' })
  expect(await yard.stopInstance(idle, { reason: 'too dear' })).toMatchObject({ state: 'removing', desired: 'gone', endReason: 'stopped by user:anonymous: too dear' })
  const id = await anInstance(api, 'big-2', { observed: 'running' })
  const worker = await connectWorker(api, 'big-2')
  await api.db.pool.query('UPDATE worker_sessions SET instance_id = $1 WHERE worker_id = $2', [id, worker.workerId])
  const build = await start(api, await request(api, 'b1'), { worker })
  await api.db.pool.query('UPDATE builds SET instance_id = $1 WHERE id = $2', [id, build.buildId])
  expect(await yard.stopInstance(id)).toMatchObject({ state: 'ready', builds: 1, retireReason: 'stopped by user:anonymous', endReason: null })
  expect(await yard.stopInstance(id, { now: true })).toMatchObject({ state: 'removing', builds: 0 })
  expect(await yard.instance(id)).toMatchObject({ builds: [{ results: RETRY }] })
  const { rows } = await api.db.pool.query('SELECT actor, action, parameters FROM control_actions WHERE thing = $1 ORDER BY id', ['instances'])
  expect(rows).toEqual([{ now: false, reason: 'too dear' }, { now: false }, { now: true }].map(parameters => ({ actor: 'user:anonymous', action: 'stop', parameters })))
  await expect(yard.stopInstance(4711)).rejects.toMatchObject({ status: 404 })
})

it('events tell the machine as REST does', async () => {
  const id = await anInstance(api, 'up1', { observed: 'starting' })
  const response = await fetch(`${api.url}/sse/listen/instances/*/updated`, { headers: { accept: 'text/event-stream' } })
  const reader = response.body!.getReader()
  let text = ''
  const read = async (wanted: RegExp) => { while (!wanted.test(text)) text += new TextDecoder().decode((await reader.read()).value) }
  await read(/handshake/)
  await transaction(api.db, null, async tx => tx.publish({ type: 'instance.updated', id, version: 2, project: null }))
  await read(/"externalId"[^\n]*\n/)
  expect(text).toContain(`"key":["instances","${id}","updated"]`)
  expect(text).toContain('"state":"booting"')
  await reader.cancel()
})
