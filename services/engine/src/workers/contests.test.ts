import { CLOSE_DUPLICATE } from '@yardmaster/worker-protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const [ONE, TWO, THREE] = [1, 2, 3].map(n => `00000000-0000-4000-8000-00000000000${n}`) as [string, string, string]

let world: Installation
let engines: TestEngine[]

beforeEach(async () => {
  world = await anInstallation(aConfiguration({ builders: [aBuilder('b')] }))
  engines = [await startTestEngine(world), await startTestEngine(world)]
})
afterEach(async () => {
  for (const engine of engines) await engine.stop()
  await world.close()
})

const row = async () => (await world.db.pool.query<{ number: number; connected: boolean; process_id: string; replica_id: number; contested: boolean; version: number }>(
  'SELECT s.number, s.connected, s.process_id, s.replica_id, s.contested_at IS NOT NULL AS contested, w.version FROM worker_sessions s JOIN workers w ON w.id = s.worker_id')).rows[0]!

/** The engine's sweep. */
async function whileSweeping<T>(engine: TestEngine, work: Promise<T>): Promise<T> {
  const state = { over: false }
  void work.finally(() => { state.over = true }).catch(() => {})
  await until('the contest to be decided', async () => { await engine.pool.answerContests(); return state.over })
  return work
}

test('a second process of a worker that answers is refused, is told where the first one is, and changes nothing', async () => {
  const first = await new TestWorker(engines[0]!.port, 'w1').hello(ONE)
  const before = await row()
  const second = new TestWorker(engines[0]!.port, 'w1')
  second.hello(TWO).catch(() => {})
  await until('the second to be refused', () => second.closed)
  expect(second.ending).toMatchObject({ code: CLOSE_DUPLICATE, reason: expect.stringMatching(/^another process of w1 is connected from h since 20\d\d-/) as string })
  expect(await row()).toEqual(before)
  expect(first.closed).toBe(false)
})

test('the same on two engines, and of several that wait at one only one does', async () => {
  await new TestWorker(engines[0]!.port, 'w1').hello(ONE)
  const [second, third] = [new TestWorker(engines[1]!.port, 'w1'), new TestWorker(engines[1]!.port, 'w1')]
  for (const [worker, process] of [[second, TWO], [third, THREE]] as const) worker.hello(process).catch(() => {})
  await until('one of them to be refused at once', () => second.closed !== third.closed)
  await whileSweeping(engines[0]!, until('both to be refused', () => second.closed && third.closed))
  expect([second.ending!.code, third.ending!.code]).toEqual([CLOSE_DUPLICATE, CLOSE_DUPLICATE])
  expect(await row()).toMatchObject({ number: 1, process_id: ONE, replica_id: engines[0]!.replicaId, contested: false })
})

test('a first process that does not answer makes room, on whichever engine', async () => {
  const first = await new TestWorker(engines[0]!.port, 'w1').hello(ONE)
  first.answering = false
  await whileSweeping(engines[0]!, new TestWorker(engines[1]!.port, 'w1').hello(TWO))
  expect(first.closed).toBe(true)
  expect(await row()).toMatchObject({ connected: true, process_id: TWO, replica_id: engines[1]!.replicaId, contested: false })
})

test('the same process wins at once, also over a contest', async () => {
  const first = await new TestWorker(engines[0]!.port, 'w1').hello(ONE)
  first.answering = false
  const second = new TestWorker(engines[1]!.port, 'w1')
  second.hello(TWO).catch(() => {})
  await until('the contest', async () => (await row()).contested)
  const again = await new TestWorker(engines[0]!.port, 'w1').hello(ONE)
  await until('the second to be refused', () => second.closed)
  expect(again.closed).toBe(false)
  expect(await row()).toMatchObject({ number: 2, process_id: ONE, contested: false })
})
