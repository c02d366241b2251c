import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { anInstance, aPool } from '../../../../../test/kit/machine-rows.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, request, start } from '../../testing/builds.js'

let api: TestApi
let yard: YardClient
const big = aPool('big', { max: 4, min: 1, warm: 1, dailyCap: { amount: 5, timeZone: 'UTC', running: 'finish' } })
const single = aPool('up1')
beforeAll(async () => {
  api = await startApi(aConfiguration({ workers: [...big.workers, ...single.workers], pools: [big.pool, single.pool], builders: [aBuilder('b1', { workers: big.pool.workers, collapseRequests: false })] }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())
beforeEach(async () => {
  for (const table of ['builds', 'build_requests', 'instances']) await api.db.pool.query(`DELETE FROM ${table}`)
})

it('tells what it has, what it may have, and who waits', async () => {
  await anInstance(api, 'big-1', { observed: 'starting', operation: 'create' })
  const ready = await anInstance(api, 'big-2', { observed: 'running' })
  await anInstance(api, 'big-3', { desired: 'gone', observed: 'running', failure_class: 'retry', failure: 'it died in boot' })
  await anInstance(api, 'big-4', { desired: 'gone', observed: 'absent' }, { gone_at: '1 second' })
  const worker = await connectWorker(api, 'big-2')
  await api.db.pool.query('UPDATE worker_sessions SET instance_id = $1 WHERE worker_id = $2', [ready, worker.workerId])
  await start(api, await request(api, 'b1'), { worker })
  await request(api, 'b1')
  const [first, second] = await yard.pools()
  expect(first).toMatchObject({
    name: 'big', active: true, configured: { provider: 'process', min: 1, max: 4, warm: 1, buildWaitTimeout: 600 }, machines: { requested: 0, creating: 1, booting: 0, ready: 1, removing: 1 },
    building: 1, idle: 0, waiting: 1, backoff: null, alert: null, paused: null, lastFailure: { class: 'retry', message: 'it died in boot' }, price: null, spent: null, cap: { amount: 5, running: 'finish' }, boot: { machines: 1 },
  })
  expect(first!.workers).toEqual([1, 2, 3, 4])
  expect(second).toMatchObject({ name: 'up1', workers: [5], waiting: 0, cap: null, boot: null, configured: { max: 1 } })
  expect(await yard.pool(first!.id)).toEqual(await yard.pool('big'))
  await expect(yard.pool('bog')).rejects.toMatchObject({ status: 404 })
})

it('tells what its machines cost today, and how long they boot', async () => {
  const paid = { price_per_hour: 1, currency: 'EUR', billing_period: 86_400, observed: 'absent', desired: 'gone' }
  for (const boot of [10, 20, 30]) {
    await api.db.pool.query('UPDATE instances SET holds_slot = false')
    const id = await anInstance(api, 'big-1', paid)
    await api.db.pool.query(
      `UPDATE instances SET requested_at = d, created_at = d + interval '1 s', started_at = d + interval '5 s', connected_at = d + make_interval(secs => $2), gone_at = d + interval '1801 s'
       FROM (SELECT date_trunc('day', now(), 'UTC') AS d) today WHERE id = $1`, [id, boot])
  }
  // Of yesterday, and of another pool.
  await api.db.pool.query('UPDATE instances SET holds_slot = false')
  await anInstance(api, 'big-1', paid, { created_at: '50 hours', gone_at: '40 hours' })
  await anInstance(api, 'up1', paid, { created_at: '1 hour', gone_at: '10 minutes' })
  const pool = await yard.pool('big')
  expect(pool.boot).toEqual({ machines: 3, created: { p50: 1, p90: 1, p99: 1 }, started: { p50: 5, p90: 5, p99: 5 }, connected: { p50: 20, p90: 28, p99: 29.8 } })
  expect(pool.price).toEqual({ perHour: 1, currency: 'EUR', period: 86_400 })
  expect(pool.spent).toMatchObject({ today: 72, currency: 'EUR' })
})

it('is paused, resumed and cleared of its alert by name or number, and who did it is kept', async () => {
  await api.db.pool.query(`UPDATE worker_pools SET alert = 'no credits left', alerted_at = now(), failures = 3, backoff_until = now() + interval '1 hour', backoff_reason = 'a quota' WHERE name = 'big'`)
  expect(await yard.pool('big')).toMatchObject({ alert: { reason: 'no credits left' }, backoff: { reason: 'a quota' }, failures: 3 })
  await api.db.pool.query(`UPDATE worker_pools SET obstacle = 'no room in de-fra1', obstacle_until = to_timestamp(5000000000) WHERE name = 'big'`)
  expect((await yard.pool('big')).obstacle).toEqual({ reason: 'no room in de-fra1', until: 5_000_000_000 })
  expect(await yard.controlPool('big', 'clear-alert')).toMatchObject({ alert: null, backoff: null, failures: 0 })
  const { id } = await yard.controlPool('big', 'pause', { reason: 'the bill' })
  expect(await yard.pool(id)).toMatchObject({ paused: { reason: 'the bill' } })
  expect(await yard.controlPool(id, 'resume')).toMatchObject({ paused: null })
  const { rows } = await api.db.pool.query('SELECT actor, action, parameters FROM control_actions WHERE thing = $1 AND thing_id = $2 ORDER BY id', ['worker_pools', id])
  expect(rows).toEqual([['clear-alert', {}], ['pause', { reason: 'the bill' }], ['resume', {}]].map(([action, parameters]) => ({ actor: 'user:anonymous', action, parameters })))
  await expect(yard.controlPool('bog', 'pause')).rejects.toMatchObject({ status: 404 })
})
