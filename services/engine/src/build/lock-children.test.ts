import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { EXCEPTION, SUCCESS } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { ask, startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

let world: Installation
let engine: TestEngine

afterEach(async () => {
  await engine.stop()
  await world.close()
})

/** `parent` has a lock of two counting builds and waits for `child`; both build on w1, `other` on w2. */
async function begun(child: string, other = '{ steps: [] }', parentLocks = `locks: [lock.access('counting')]`): Promise<TestWorker[]> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-lock-children-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
    const lock = util.masterLock('L', { maxCount: 2 })
    const ofWorker = util.workerLock('W')
    export default defineConfig({
      workers: ['w1', 'w2'].map(name => workers.worker({ name, password: 'p' })),
      builders: [
        { name: 'parent', workers: ['w1'], ${parentLocks}, steps: [steps.trigger({ schedulerNames: ['t'], waitForFinish: true })] },
        { name: 'child', workers: ['w1'], ...${child} },
        { name: 'other', workers: ['w2'], ...${other} },
      ],
      schedulers: [schedulers.triggerable({ name: 't', builders: ['child'] })],
    })`)
  const checked = await checkConfiguration(file, systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  world = await anInstallation(checked.configuration)
  engine = await startTestEngine(world, { code: checked.bundle.code })
  const connected = [await new TestWorker(engine.port, 'w1').hello('00000000-0000-4000-8000-000000000001'), await new TestWorker(engine.port, 'w2').hello('00000000-0000-4000-8000-000000000002')]
  await ask(world, 'parent')
  await engine.claim()
  return connected
}

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}
const childAsked = () => until('the child to be asked for', async () => (await rows('SELECT 1 FROM build_requests WHERE waited_for')).length === 1)
const says = (builder: string, text: string) => until(`a step of ${builder} to say: ${text}`, async () =>
  (await rows<{ text: string }>(`SELECT s.state_string AS text FROM steps s JOIN builds b ON b.id = s.build_id JOIN builders u ON u.id = b.builder_id WHERE u.name = '${builder}'`)).some(step => step.text === text))
const ended = (builder: string) => until(`the end of ${builder}`, async () => {
  await engine.children.sweep()
  return (await rows<{ results: number }>(`SELECT b.results FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = '${builder}' AND b.complete_at IS NOT NULL`))[0]
})

test('a child that cannot start for what its parent holds: the parent ends, and says why', async () => {
  await begun(`{ locks: [lock.access('exclusive')], steps: [] }`)
  await childAsked()
  await says('parent', 'deadlock: build parent/1 waits for request 2, which needs lock L held by build parent/1')
  expect(await ended('parent')).toEqual({ results: EXCEPTION })
  expect(await rows('SELECT 1 FROM lock_claims')).toEqual([])
})

test('a child that needs the lock of a worker which its parent holds on every one of its workers: the parent ends', async () => {
  await begun(`{ locks: [ofWorker.access('exclusive')], steps: [] }`, '{ steps: [] }', `locks: [ofWorker.access('exclusive')]`)
  await childAsked()
  await says('parent', 'deadlock: build parent/1 waits for request 2, which needs lock W held by build parent/1')
  expect(await ended('parent')).toEqual({ results: EXCEPTION })
})

test('a child whose only worker its parent holds: the parent says so', async () => {
  await begun(`{ steps: [] }`)
  await childAsked()
  await rows('UPDATE workers SET max_builds = 1')
  await engine.claim()
  await says('parent', 'waiting for child (request 2): every worker that could build it is held by a build that waits for others')
})

test('a child that waits for what its parent holds ends, and its parent with it', async () => {
  await begun(`{ steps: [steps.shell({ command: 'x', locks: [lock.access('exclusive')] })] }`)
  await childAsked()
  await engine.claim()
  await says('child', 'deadlock: build parent/1 waits for its child build child/1, build child/1 waits for lock L held by build parent/1')
  expect(await ended('parent')).toEqual({ results: EXCEPTION })
})

test('a child overtakes one that waits for its parent', async () => {
  const [one, two] = await begun(`{ locks: [lock.access('counting')], steps: [steps.shell({ command: 'x' })] }`, `{ steps: [steps.shell({ command: 'y', locks: [lock.access('exclusive')] })] }`)
  await childAsked()
  await ask(world, 'other')
  await rows(`UPDATE build_requests SET not_before = now() + interval '1 hour' WHERE waited_for`)
  await engine.claim()
  await says('other', 'waiting for lock L held by build parent/1')
  await rows('UPDATE build_requests SET not_before = NULL')
  await engine.claim()
  const end = async (worker: TestWorker) => worker.send({ type: 'ended', command: (await until('a command', () => worker.of('start').at(-1))).command, seq: 1, rc: 0, failureReason: null, elapsed: 1 })
  await end(one!)
  expect(await ended('parent')).toEqual({ results: SUCCESS })
  await end(two!)
  expect(await ended('other')).toEqual({ results: SUCCESS })
})
