import { transaction } from '@yardmaster/db'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { SUCCESS } from '@yardmaster/domain'
import { createYardClient, type Explanation, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../../test/kit/installation.js'
import { aPool } from '../../../../../test/kit/machine-rows.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, finish, request, start } from '../../testing/builds.js'

let api: TestApi
let yard: YardClient
const [big, other] = [aPool('big', { max: 2 }), aPool('other')]
beforeAll(async () => {
  api = await startApi(aConfiguration({
    workers: [aWorker('w1'), aWorker('w9'), ...big.workers, ...other.workers], pools: [big.pool, other.pool],
    builders: [aBuilder('pooled', { workers: big.pool.workers, collapseRequests: false }), aBuilder('plain'), aBuilder('other', { workers: ['w9'], collapseRequests: false })],
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
  expect(one).toMatchObject({
    about: { kind: 'request', id: second.requestId, name: `request ${second.requestId} of pooled` },
    sentences: ['It waits: big-1 is not connected.', 'Pool big cannot start a machine for it: no property image.', 'None of its 2 workers has a place for it.', '1 request of its builder is ahead of it.',
      'When it starts cannot be said: of none of its workers is known when it has a place.'],
    request: { reasons: ['waits', 'machine', 'worker', 'queue'].map(kind => ({ kind })), workers: ['big-1', 'big-2'].map(name => ({ name, why: 'has no machine', place: null, running: [] })), estimate: { span: null } },
  })
  expect(pool).toMatchObject({ about: { kind: 'pool', name: 'big' }, sentences: expect.arrayContaining(['It is paused (the bill): nothing is started until somebody resumes it (yard pool resume big).']) as string[] })
  expect(rest).toEqual([])
  expect((await yard.explain('requests', first.requestId))[0]!.sentences[0]).toBe('None of its 2 workers has a place for it.')
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

it('estimates by what builds took so far, and says who is in the way', async () => {
  const worker = await connectWorker(api, 'w9')
  for (const seconds of [10_000, 10_000, 10_000, 20_000]) {
    const build = await start(api, await request(api, 'other'), { worker })
    await finish(api, build, SUCCESS)
    await api.db.pool.query('UPDATE builds SET started_at = complete_at - make_interval(secs => $2) WHERE id = $1', [build.buildId, seconds])
  }
  const running = await start(api, await request(api, 'other'), { worker })
  await api.db.pool.query(`UPDATE builds SET started_at = now() - interval '4000 seconds' WHERE id = $1`, [running.buildId])
  const waiting = await request(api, 'other')
  const [{ request: explained, sentences }] = await yard.explain('requests', waiting.requestId) as [Explanation]
  const about = (seconds: number) => expect.closeTo(seconds, -2) as number
  const place = { from: about(6000), to: about(13_000) }
  expect(explained).toEqual({
    reasons: [{ kind: 'worker', text: 'None of its 1 worker has a place for it.' }],
    workers: [{ name: 'w9', why: 'is busy', place, running: [{ id: running.buildId, builder: 'other', number: running.number, elapsed: about(4000), remaining: place }] }],
    estimate: { span: place, text: expect.stringMatching(/^It is expected to start in 1\.7 h to 3\.6 h, as builds and machines went so far\.$/) as string },
  })
  expect(sentences).toEqual([expect.any(String), expect.stringMatching(/^Worker w9 is busy; it may have a place in 1\.7 h to 3\.6 h\.$/), explained!.estimate.text])
  await api.db.pool.query(`UPDATE build_requests SET hold = 'worker', waits_for = 'somebody to release it' WHERE id = $1`, [waiting.requestId])
  expect((await yard.explain('requests', waiting.requestId))[0]!.request).toMatchObject({ reasons: [{ kind: 'held' }, { kind: 'worker' }], estimate: { span: null } })
  await transaction(api.db, null, tx => cancelRequest(tx, { requestId: waiting.requestId, reason: 'enough', actor: 'user:ann' }))
  expect((await yard.explain('requests', waiting.requestId))[0]!.sentences).toEqual(['It has ended without a build: enough (by user:ann).'])
})
