import { transaction } from '@yardmaster/db'
import { endUnbuildable } from '@yardmaster/db/verbs/end-unbuildable'
import { EXCEPTION } from '@yardmaster/domain'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { aWorker } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { aLatentWorld, type LatentWorld } from '../testing/latent-world.js'
import { ask, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'
import { endUnbuildableRequests } from './end-unbuildable.js'

let world: LatentWorld
afterEach(() => world.close())

const WHY = "image 'Debian 99': there is none of this title"

async function rendered(request: number, { fingerprint = null, problem = null, generation = world.generationId }: { fingerprint?: string | null; problem?: string | null; generation?: number }): Promise<void> {
  await world.db.pool.query('INSERT INTO request_machines (request_id, pool_id, generation_id, fingerprint, problem) VALUES ($1, 1, $2, $3, $4)', [request, generation, fingerprint, problem])
}

/** A machine was refused for good. */
async function refused(fingerprint: string | null): Promise<void> {
  const instance = await world.machine(3, { fingerprint })
  await world.condemn(instance, { reason: 'it was refused', failure: { class: 'configuration', message: WHY } })
  await world.freed(instance)
}

const endsOf = (engine: TestEngine) => endUnbuildableRequests({ db: world.db, fence: engine.fence, generations: engine.generations, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }) })
const ended = () => world.rows<{ id: number }>(`SELECT id FROM build_requests WHERE state = 'complete' ORDER BY id`).then(rows => rows.map(row => row.id))

test('a request whose machine cannot be described ends once, with a build that says why', async () => {
  world = await aLatentWorld({ pool: { provider: { kind: 'process', account: {}, machine: { env: { SIZE: { $property: 'size' } } } } } })
  const engine = await world.anEngine()
  const [bad, good] = [await ask(world, 'b'), await ask(world, 'b')]
  await rendered(bad, { problem: 'the options of a machine of pool p: no property size' })
  await rendered(good, { fingerprint: 'small' })
  await endsOf(engine)
  await endsOf(engine)
  expect(await ended()).toEqual([bad])
  expect(await world.rows(`SELECT b.number, w.name AS worker, b.instance_id, b.results, b.state_string, b.complete_at IS NOT NULL AS complete, b.properties->'buildername'->>0 AS builder FROM builds b JOIN workers w ON w.id = b.worker_id`)).toEqual([
    { number: 1, worker: 'p-1', instance_id: null, results: EXCEPTION, state_string: 'the options of a machine of pool p: no property size', complete: true, builder: 'b' }])
  expect(await world.rows('SELECT name, results, state_string FROM steps')).toEqual([{ name: 'worker_preparation', results: EXCEPTION, state_string: 'the options of a machine of pool p: no property size' }])
  expect(await world.rows('SELECT results FROM buildsets WHERE complete_at IS NOT NULL')).toEqual([{ results: EXCEPTION }])
})

test('what a cloud refuses for good ends the requests that would have it, and no others', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  const requests = [await ask(world, 'b'), await ask(world, 'b'), await ask(world, 'b')]
  await rendered(requests[0]!, { fingerprint: 'huge' })
  await rendered(requests[1]!, { fingerprint: 'small' })
  await refused('huge')
  await endsOf(engine)
  expect(await ended()).toEqual([requests[0]])
  expect(await world.rows('SELECT state_string FROM builds')).toEqual([{ state_string: WHY }])
})

test('what a cloud refuses for every build ends all of its requests, those that come later too', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  await ask(world, 'b')
  await refused(null)
  await ask(world, 'b')
  await endsOf(engine)
  expect(await ended()).toHaveLength(2)
  // By then the image may be there.
  await world.db.pool.query(`UPDATE instances SET condemned_at = condemned_at - interval '11 min'`)
  await ask(world, 'b')
  await endsOf(engine)
  expect(await ended()).toHaveLength(2)
})

test.each([
  ['a worker that connects by itself may come', { more: [aWorker('w1')] }, WHY, 0],
  ['it is of another generation', {}, WHY, -1],
  ['nothing is wrong', {}, null, 0],
] as const)('a request waits on when %s', async (_what, how, problem, generation) => {
  world = await aLatentWorld({ ...how, more: 'more' in how ? [...how.more] : [] })
  const engine = await world.anEngine()
  await rendered(await ask(world, 'b'), { problem, generation: world.generationId + generation })
  await endsOf(engine)
  expect(await ended()).toEqual([])
})

test('a request that is being built is left alone', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  const request = await ask(world, 'b')
  await world.machine(1)
  await new TestWorker(engine.port, 'p-1').hello('00000000-0000-4000-8000-000000000001')
  await engine.claim()
  await rendered(request, { problem: WHY })
  await endsOf(engine)
  expect(await world.rows('SELECT 1 FROM builds')).toHaveLength(1)
})

test('a claim of the same request, which holds it before its builder, is not locked out', async () => {
  world = await aLatentWorld()
  const [request, generationId] = [await ask(world, 'b'), world.generationId]
  const claiming = await world.db.pool.connect()
  try {
    await claiming.query('BEGIN')
    await claiming.query('SELECT 1 FROM build_requests WHERE id = $1 FOR NO KEY UPDATE', [request])
    const ending = transaction(world.db, null, tx => endUnbuildable(tx, { requestId: request, workerId: 1, generationId, reason: 'no such image' }))
    await until('it to wait for the request', async () => (await world.rows(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0)
    // Nobody is in the way: it would wait for the other, and the other for it.
    await claiming.query('SELECT 1 FROM builders FOR NO KEY UPDATE NOWAIT')
    await claiming.query(`UPDATE build_requests SET state = 'claimed' WHERE id = $1`, [request])
    await claiming.query('COMMIT')
    expect(await ending).toBeNull()
  } finally {
    claiming.release()
  }
})
