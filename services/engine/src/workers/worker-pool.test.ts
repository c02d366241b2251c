import { GroupCommit, SessionLost } from '@yardmaster/db'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { CLOSE_TRY_AGAIN } from '@yardmaster/worker-protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const ONE = '00000000-0000-4000-8000-000000000001'
const TWO = '00000000-0000-4000-8000-000000000002'

let world: Installation
let engine: TestEngine
let beforeBuilds: () => Promise<void>
let takesWorkers: boolean
/** How many workers were there each time that there may have been something to claim for. */
let looks: number[]
const names = Array.from({ length: 20 }, (_, at) => `w${at + 1}`)

beforeEach(async () => {
  beforeBuilds = () => Promise.resolve()
  takesWorkers = true
  looks = []
  world = await anInstallation(aConfiguration({ workers: names.map(name => aWorker(name)), builders: [aBuilder('b')] }))
  engine = await startTestEngine(world, { onBuilds: () => beforeBuilds(), takesWorkers: () => takesWorkers, onIdle: () => { looks.push(engine.pool.sessions().filter(session => session.link !== null).length) } })
})
afterEach(async () => {
  await engine.stop()
  await world.close()
})

const row = async () => (await world.db.pool.query<{ number: number; connected: boolean }>('SELECT number, connected FROM worker_sessions WHERE worker_id = 1')).rows[0]!

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

/** The engine's transactions wait until the answer is called. */
async function heldUp(): Promise<() => Promise<void>> {
  const client = await world.db.pool.connect()
  await client.query('BEGIN')
  await client.query('SELECT 1 FROM replicas WHERE id = $1 FOR UPDATE', [engine.replicaId])
  return async () => { await client.query('ROLLBACK'); client.release() }
}
const waits = () => until('its transaction to wait', async () => (await world.db.pool.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rowCount === 1)

test('whoever waited to be taken in and has gone to another engine meanwhile stays there', async () => {
  const other = await startTestEngine(world)
  try {
    const goOn = await heldUp()
    const worker = new TestWorker(engine.port, 'w1')
    worker.hello(ONE).catch(() => {})
    await waits()
    worker.close()
    const again = await new TestWorker(other.port, 'w1').hello(ONE)
    await goOn()
    await until('nobody to be taken in', () => engine.pool.quiet)
    await other.reconcile()
    expect(await row()).toEqual({ number: 1, connected: true })
    expect([again.closed, other.pool.sessions().length]).toEqual([false, 1])
  } finally {
    await other.stop()
  }
})

test('an engine that ends takes nobody in who waits still', async () => {
  const goOn = await heldUp()
  const worker = new TestWorker(engine.port, 'w1')
  worker.hello(ONE).catch(() => {})
  await waits()
  takesWorkers = false
  await goOn()
  await until('it to be sent away', () => worker.closed)
  expect(worker.ending!.code).toBe(CLOSE_TRY_AGAIN)
  expect([await row(), engine.pool.quiet]).toEqual([{ number: 0, connected: false }, true])
})

test('what was known of a process is void with the session of the next one, also what is about to be written', async () => {
  await new TestWorker(engine.port, 'w1').hello(ONE)
  const [before] = engine.pool.sessions()
  await world.db.pool.query('UPDATE worker_sessions SET connected = false')
  await new TestWorker(engine.port, 'w1').hello(TWO)
  const commit = new GroupCommit({ db: world.db, replicaId: engine.replicaId, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }), onBuried: () => {} })
  await expect(commit.submit({ session: before!, build: { id: 1, number: 1, builderId: 1, workerId: 1, buildsetId: 1, project: null }, facts: [] })).rejects.toBeInstanceOf(SessionLost)
})

test('of many workers that come at once not each is looked at by itself for claims, but at last all are', async () => {
  const goOn = await heldUp()
  const welcomed = Promise.all(names.map(name => new TestWorker(engine.port, name).hello(ONE)))
  await until('their transactions to wait', async () => (await world.db.pool.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rowCount === 3)
  await goOn()
  await welcomed
  await until('all to be looked at', () => looks.at(-1) === names.length)
  expect(looks.length).toBeLessThan(names.length / 2)
})
