import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../../test/kit/installation.js'
import { aPool } from '../../../../../test/kit/machine-rows.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, request, start } from '../../testing/builds.js'

let api: TestApi
let yard: YardClient
const [big, other] = [aPool('big', { max: 2 }), aPool('other')]
beforeAll(async () => {
  api = await startApi(aConfiguration({
    workers: [aWorker('w1'), ...big.workers, ...other.workers], pools: [big.pool, other.pool],
    builders: [aBuilder('pooled', { workers: big.pool.workers, collapseRequests: false }), aBuilder('plain')],
  }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())

it('tells of a request what it waits for, and what holds up the pools that could help', async () => {
  const [first, second] = [await request(api, 'pooled'), await request(api, 'pooled')]
  await api.db.pool.query(`UPDATE build_requests SET waits_for = 'big-1 is not connected' WHERE id = $1`, [second.requestId])
  await api.db.pool.query(`INSERT INTO request_machines (request_id, pool_id, generation_id, problem) SELECT $1, id, $2, 'no property image' FROM worker_pools WHERE name = 'big'`, [second.requestId, api.generationId])
  await yard.controlPool('big', 'pause', { reason: 'the bill' })
  const [one, pool, ...rest] = await yard.explain('requests', second.requestId)
  expect(one).toEqual({
    about: { kind: 'request', id: second.requestId, name: `request ${second.requestId} of pooled` },
    sentences: ['It waits: big-1 is not connected.', 'Pool big cannot start a machine for it: no property image.', '1 request of its builder is ahead of it.'],
  })
  expect(pool).toMatchObject({ about: { kind: 'pool', name: 'big' }, sentences: expect.arrayContaining(['It is paused (the bill): nothing is started until somebody resumes it (yard pool resume big).']) as string[] })
  expect(rest).toEqual([])
  expect((await yard.explain('requests', first.requestId))[0]!.sentences).toEqual(['Nothing is known to be in its way: it has not been looked at yet.'])
  await expect(yard.explain('requests', 4711)).rejects.toMatchObject({ status: 404 })
})

it('tells of a builder, of a pool, and of all pools', async () => {
  const worker = await connectWorker(api, 'w1')
  const claimed = await request(api, 'plain')
  await start(api, claimed, { worker })
  expect(await yard.explain('builders', 'plain')).toEqual([{ about: { kind: 'builder', id: claimed.builderId, name: 'plain' }, sentences: ['Nothing waits; 1 build is running.', '1 of its 1 worker is connected.'] }])
  expect((await yard.explain('requests', claimed.requestId))[0]!.sentences).toEqual(['It waits no more: it is being built.'])
  const [builder, pool] = await yard.explain('builders', 'pooled')
  expect(builder!.sentences).toEqual(['2 requests wait, 0 builds are running.', '0 of its 2 workers are connected.', 'It waits: big-1 is not connected.'])
  expect(pool!.about.name).toBe('big')
  expect(await yard.explain('pools', 'big')).toEqual([pool])
  expect((await yard.explain()).map(({ about }) => about.name)).toEqual(['big', 'other'])
  await expect(yard.explain('pools', 'bog')).rejects.toMatchObject({ status: 404 })
  await expect(yard.explain('builders', 'bog')).rejects.toMatchObject({ status: 404 })
})
