import { transaction } from '@yardmaster/db'
import { killWorker } from '@yardmaster/db/verbs/kill-worker'
import { stopWorker } from '@yardmaster/db/verbs/pause-worker'
import { tellObstacle } from '@yardmaster/db/verbs/tell-obstacle'
import { CANCELLED, RETRY } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { aWorker } from '../../../../test/kit/installation.js'
import { explainWaiting } from '../loops/explain-waiting.js'
import { aLatentWorld, type LatentWorld } from '../testing/latent-world.js'
import { ask, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const forever = [{
  kind: 'shell' as const, name: 's', command: 'x', env: {}, workdir: 'build', timeout: null, maxTime: null, logEnviron: false, usePTY: false, decodeRC: {}, logfiles: {},
  haltOnFailure: true, flunkOnFailure: true, flunkOnWarnings: false, warnOnFailure: false, warnOnWarnings: false, alwaysRun: false, doStepIf: true, hideStepIf: false, locks: [],
  description: null, descriptionDone: null, descriptionSuffix: null,
}]
const process = (n: number) => `00000000-0000-4000-8000-00000000000${n}`

let world: LatentWorld
afterEach(() => world.close())

const refused = async (port: number, name: string, password: string) => expect(new TestWorker(port, name, password).hello(process(9))).rejects.toThrow(/401|503/)
const builds = () => world.rows<{ worker: string; instance_id: number | null; results: number | null; state_string: string }>(
  'SELECT w.name AS worker, b.instance_id, b.results, b.state_string FROM builds b JOIN workers w ON w.id = b.worker_id ORDER BY b.id')

async function building(engine: TestEngine, slot = 1, n = 1): Promise<{ worker: TestWorker; instance: number }> {
  const instance = await world.machine(slot, { password: `pw${n}` })
  const worker = await new TestWorker(engine.port, `p-${slot}`, `pw${n}`).hello(process(n))
  await ask(world, 'b')
  await engine.claim()
  await until('the command', () => worker.of('start').length > 0)
  return { worker, instance }
}

test('a latent worker comes in with the password of its machine, as long as that is wanted', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  await refused(engine.port, 'p-1', '')
  const first = await world.machine(1, { password: 'one' })
  await world.machine(2, { password: 'two' })
  await refused(engine.port, 'p-1', 'two')
  await refused(engine.port, 'p-3', 'one')
  await new TestWorker(engine.port, 'p-1', 'one').hello(process(1))
  expect(await world.rows('SELECT s.instance_id, i.connected_at IS NOT NULL AS connected, i.idle_since IS NOT NULL AS idle FROM worker_sessions s JOIN instances i ON i.id = s.instance_id')).toEqual([
    { instance_id: first, connected: true, idle: true }])
  await world.condemn(first)
  const late = new TestWorker(engine.port, 'p-1', 'one')
  late.hello(process(1)).catch(() => {})
  await until('it to be refused', () => late.closed)
  expect(late.of('welcome')).toEqual([])
})

test('with a password that the configuration gives it comes in only while a machine of it is wanted', async () => {
  world = await aLatentWorld({ worker: { password: 'p' } })
  const engine = await world.anEngine()
  await expect(new TestWorker(engine.port, 'p-1').hello(process(1))).rejects.toThrow('503')
  await refused(engine.port, 'p-1', 'wrong')
  const instance = await world.machine(1, { password: 'unused' })
  await new TestWorker(engine.port, 'p-1').hello(process(1))
  expect(await world.rows('SELECT instance_id FROM worker_sessions WHERE connected')).toEqual([{ instance_id: instance }])
})

test('however many guess, the rows are read a few times', async () => {
  world = await aLatentWorld()
  const engine = await world.anEngine()
  const { pool } = world.db
  const reads: string[] = []
  const query = pool.query.bind(pool)
  Object.assign(pool, { query: (...args: Parameters<typeof query>) => { if (args[0].includes('password_hash')) reads.push('read'); return query(...args) } })
  await Promise.all(Array.from({ length: 200 }, (_, n) => refused(engine.port, 'p-1', `guess ${n}`)))
  expect(reads.length).toBeLessThan(40)
  await world.machine(1, { password: 'right' })
  await new TestWorker(engine.port, 'p-1', 'right').hello(process(1))
})

test('the worker of a new machine takes the place at once, and what ran on the machine before is built again', async () => {
  world = await aLatentWorld({ builder: { steps: forever } })
  const engine = await world.anEngine()
  const { worker, instance } = await building(engine)
  await world.db.pool.query(`UPDATE workers SET failures = 3, failed_at = now(), quarantined_until = now() + interval '1 hour'`)
  // As when nobody had the time to end its session.
  await world.db.pool.query(`UPDATE instances SET desired = 'gone', holds_slot = false WHERE id = $1`, [instance])
  const next = await world.machine(1, { password: 'pw2' })
  const other = await world.anEngine()
  const replacement = await new TestWorker(other.port, 'p-1', 'pw2').hello(process(2))
  expect(await builds()).toEqual([{ worker: 'p-1', instance_id: instance, results: RETRY, state_string: 'its machine is gone: another has taken its place' }])
  expect(await world.rows('SELECT failures, quarantined_until FROM workers WHERE id = 1')).toEqual([{ failures: 0, quarantined_until: null }])
  await engine.reconcile()
  await until('the old worker to be let go', () => worker.closed)
  await other.claim()
  await until('the build to begin again', () => replacement.of('start').length > 0)
  expect((await builds()).map(({ instance_id }) => instance_id)).toEqual([instance, next])
})

test('the worker of a machine that is not wanted any more is told to end, and what died with its machine is built again elsewhere', async () => {
  world = await aLatentWorld({ builder: { steps: forever } })
  const engine = await world.anEngine()
  const { worker, instance } = await building(engine)
  expect(await world.condemn(instance)).toBe('building')
  await engine.releaseMachines()
  expect(worker.of('shutdown')).toEqual([])
  expect(await world.condemn(instance, { building: 'retry', reason: 'the machine is gone' })).toBe('condemned')
  await engine.releaseMachines()
  await until('the worker to be sent away', () => worker.closed)
  expect(worker.of('shutdown')).toMatchObject([{ now: true }])
  expect(engine.runs.of(engine.pool.sessions()[0]!) ?? []).toEqual([])
  expect(await builds()).toMatchObject([{ results: RETRY, state_string: 'the machine is gone' }])
  await world.freed(instance)
  const again = await world.machine(2)
  await new TestWorker(engine.port, 'p-2').hello(process(2))
  await engine.claim()
  expect(await builds()).toMatchObject([{}, { worker: 'p-2', instance_id: again, results: null }])
})

test.each([
  ['stopped', stopWorker, { desired: 'running', retire_reason: 'its worker was asked to stop' }, null],
  ['killed', killWorker, { desired: 'gone', retire_reason: null }, RETRY],
] as const)('a latent worker that is %s is stopped with its machine, and its slot is free for the next', async (_what, verb, instance, results) => {
  world = await aLatentWorld({ builder: { steps: forever } })
  const engine = await world.anEngine()
  await building(engine)
  await transaction(world.db, null, tx => verb(tx, { workerId: 1 }))
  expect(await world.rows('SELECT desired, retire_reason FROM instances')).toEqual([instance])
  expect(await world.rows('SELECT graceful FROM workers WHERE id = 1')).toEqual([{ graceful: false }])
  expect(await builds()).toMatchObject([{ results }])
})

test('a worker that connected by itself and is a latent one by now is let go once it is idle', async () => {
  world = await aLatentWorld({ more: [aWorker('w1')] })
  const engine = await world.anEngine()
  const worker = await new TestWorker(engine.port, 'w1').hello(process(1))
  await engine.releaseMachines()
  expect(worker.closed).toBe(false)
  world.configuration.workers.find(({ name }) => name === 'w1')!.pool = 'p'
  await engine.releaseMachines()
  await until('it to be let go', () => worker.closed)
})

test('the worker of a machine goes to another engine with its build, is stopped there, and its machine is idle then', async () => {
  world = await aLatentWorld({ builder: { steps: forever } })
  const engine = await world.anEngine()
  const { worker, instance } = await building(engine)
  const { command } = worker.of('start')[0]!
  await engine.pool.letGo(engine.pool.sessions(), 'this engine drains', { onlyIdle: false })
  await until('the worker to be let go', () => worker.closed)
  const other = await world.anEngine()
  const again = await new TestWorker(other.port, 'p-1', 'pw1').hello(process(1), [{ command, state: 'running', lastSeq: 0 }])
  await until('the command to be resumed', () => again.of('decide').some(({ resume }) => resume.length > 0))
  expect(await builds()).toEqual([{ worker: 'p-1', instance_id: instance, results: null, state_string: 'building' }])
  expect(await world.rows('SELECT uses, idle_since FROM instances')).toEqual([{ uses: 1, idle_since: null }])
  other.runs.byId(1)!.stop('enough')
  await until('the command to be interrupted', () => again.of('interrupt').length > 0)
  again.send({ type: 'ended', command, seq: 1, rc: -1, failureReason: 'interrupted', elapsed: 1 })
  await until('the machine to be idle', async () => (await world.rows('SELECT 1 FROM instances WHERE idle_since IS NOT NULL')).length > 0)
  expect(await builds()).toMatchObject([{ results: CANCELLED }])
})

test('with one password for all machines, the process of an earlier one is not taken for that of its successor', async () => {
  world = await aLatentWorld({ worker: { password: 'p' } })
  const engine = await world.anEngine()
  const first = await world.machine(1)
  await new TestWorker(engine.port, 'p-1').hello(process(1))
  await world.condemn(first)
  await world.freed(first)
  const second = await world.machine(1)
  const stale = new TestWorker(engine.port, 'p-1')
  stale.hello(process(1)).catch(() => {})
  await until('it to be refused', () => stale.closed)
  expect(stale.of('welcome')).toEqual([])
  await new TestWorker(engine.port, 'p-1').hello(process(2))
  expect(await world.rows('SELECT instance_id, process_id FROM worker_sessions WHERE connected')).toEqual([{ instance_id: second, process_id: process(2) }])
})

test('what a machine did wrong goes with it', async () => {
  world = await aLatentWorld()
  const instance = await world.machine(1)
  await world.db.pool.query(`UPDATE workers SET failures = 3, failed_at = now(), quarantined_until = now() + interval '1 hour', quarantine_reason = 'its disk is full' WHERE id = 1`)
  await world.condemn(instance)
  expect(await world.rows('SELECT failures, quarantined_until, quarantine_reason FROM workers WHERE id = 1')).toEqual([{ failures: 0, quarantined_until: null, quarantine_reason: null }])
})

test('a request that waits says what of its pool it waits for', async () => {
  world = await aLatentWorld({ builder: { steps: forever, workers: ['p-1'] } })
  const engine = await world.anEngine()
  const explained = async () => {
    await explainWaiting({ db: world.db, fence: engine.fence, generations: engine.generations, clock: systemClock() })
    return (await world.rows<{ why: string }>(`SELECT waits_for AS why FROM build_requests WHERE state = 'pending' ORDER BY id LIMIT 1`))[0]?.why
  }
  await ask(world, 'b')
  expect(await explained()).toBe('a machine of pool p')
  await transaction(world.db, null, tx => tellObstacle(tx, { poolId: 1, why: 'pool p has reached its daily cap', until: null }))
  expect(await explained()).toBe('pool p has reached its daily cap')
  await transaction(world.db, null, tx => tellObstacle(tx, { poolId: 1, why: null, until: null }))
  const instance = await world.machine(1, { fingerprint: 'small' })
  expect(await explained()).toBe('a machine of pool p: starting for 10 s')
  await new TestWorker(engine.port, 'p-1').hello(process(1))
  expect(await explained()).toBe('pool p: p-1 has a machine that was made for other builds')
  await world.db.pool.query('UPDATE instances SET fingerprint = NULL')
  await engine.claim()
  await ask(world, 'b')
  expect(await explained()).toBe('the machine of pool p is busy')
  await world.condemn(instance, { building: 'retry' })
  expect(await explained()).toBe('a machine of pool p')
  await world.db.pool.query(`UPDATE replicas SET state = 'stopped' WHERE role = 'latent-worker-provisioner'`)
  expect(await explained()).toBe('a machine of pool p: no latent-worker-provisioner is running that could start one')
})
