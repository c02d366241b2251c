import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const ONE = '00000000-0000-4000-8000-000000000001'

let world: Installation
let engine: TestEngine
let beforeBuilds: () => Promise<void>

beforeEach(async () => {
  beforeBuilds = () => Promise.resolve()
  world = await anInstallation(aConfiguration({ builders: [aBuilder('b')] }))
  engine = await startTestEngine(world, { onBuilds: () => beforeBuilds() })
})
afterEach(async () => {
  await engine.stop()
  await world.close()
})

const row = async () => (await world.db.pool.query<{ number: number; connected: boolean }>('SELECT number, connected FROM worker_sessions')).rows[0]!

test('the end of an old connection is not the end of the session that has a new one', async () => {
  const old = await new TestWorker(engine.port, 'w1').hello(ONE)
  // Long enough for the old connection to be known as closed before the new one is in place.
  beforeBuilds = async () => { await until('the old connection to end', () => old.closed) }
  await new TestWorker(engine.port, 'w1').hello(ONE)
  await engine.reconcile()
  expect(await row()).toEqual({ number: 2, connected: true })
  expect(engine.pool.sessions().map(session => [session.number, session.link !== null])).toEqual([[2, true]])
})

test('a session that is being opened is not taken for one without a connection', async () => {
  let go!: () => void
  beforeBuilds = () => new Promise(resolve => { go = resolve })
  const worker = new TestWorker(engine.port, 'w1')
  const welcomed = worker.hello(ONE)
  await until('its session to be open', async () => (await row()).connected)
  await engine.reconcile()
  go()
  await welcomed
  expect(await row()).toEqual({ number: 1, connected: true })
})

test('a worker that comes and goes ends with the state of its last connection', async () => {
  for (let n = 1; n <= 5; n++) (await new TestWorker(engine.port, 'w1').hello(ONE)).close()
  await new TestWorker(engine.port, 'w1').hello(ONE)
  await engine.reconcile()
  await engine.reconcile()
  expect((await row()).connected).toBe(true)
  expect(engine.pool.sessions()).toHaveLength(1)
})

test('a worker that left without builds is forgotten', async () => {
  const worker = await new TestWorker(engine.port, 'w1').hello(ONE)
  worker.close()
  await until('its end to be written', async () => !(await row()).connected)
  await engine.reconcile()
  expect(engine.pool.sessions()).toEqual([])
})
