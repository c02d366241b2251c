import { CANCELLED, EXCEPTION, SUCCESS, type BuilderConfig, type LockAccess, type ShellStep, type StepConfig } from '@yardmaster/domain'
import { requestStop } from '@yardmaster/db/verbs/stop-build'
import { transaction } from '@yardmaster/db'
import { afterEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { ask, startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const processOf = (worker: string) => `00000000-0000-4000-8000-00000000000${worker.slice(1)}`

let world: Installation
const engines: TestEngine[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  await world.close()
})

const lock = (name: string, more: Partial<LockAccess> = {}): LockAccess => ({ name, scope: 'cluster', maxCount: 1, maxCountForWorker: {}, mode: 'counting', count: 1, ...more })

function shell(name: string, more: Partial<ShellStep> = {}): StepConfig {
  return {
    kind: 'shell', name, command: name, haltOnFailure: true, flunkOnFailure: true, flunkOnWarnings: false, warnOnFailure: false, warnOnWarnings: false, alwaysRun: false, doStepIf: true, hideStepIf: false,
    locks: [], description: null, descriptionDone: null, descriptionSuffix: null, env: {}, workdir: 'build', timeout: null, maxTime: null, logEnviron: false, usePTY: false, decodeRC: {}, logfiles: {}, ...more }
}

/** Builders b1, b2… with these steps, each with a worker of its own, on one engine; and a build of each, one after the other. */
async function running(...given: (StepConfig[] | Partial<BuilderConfig>)[]): Promise<TestWorker[]> {
  const builders = given.map(one => (Array.isArray(one) ? { steps: one } : one))
  world = await anInstallation(aConfiguration({
    workers: builders.map((_, index) => aWorker(`w${index + 1}`)), builders: builders.map((more, index) => aBuilder(`b${index + 1}`, { workers: [`w${index + 1}`], ...more })) }))
  const engine = await anEngine()
  const workers: TestWorker[] = []
  for (const index of builders.keys()) {
    workers.push(await new TestWorker(engine.port, `w${index + 1}`).hello(processOf(`w${index + 1}`)))
    await ask(world, `b${index + 1}`)
    await engine.claim()
    await until('the build to begin or to wait', async () => started(workers[index]!).length > 0 || (await rows('SELECT 1 FROM lock_claims WHERE build_id = $1', [index + 1])).length > 0 || (await rows('SELECT 1 FROM builds')).length <= index || (await rows('SELECT 1 FROM builds WHERE complete_at IS NOT NULL')).length > 0)
  }
  return workers
}

async function anEngine(): Promise<TestEngine> {
  const engine = await startTestEngine(world)
  engines.push(engine)
  return engine
}

async function rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql, parameters)).rows
}
const started = (worker: TestWorker) => worker.of('start').map(start => start.command)
const begun = (worker: TestWorker, count = 1) => until('the start of a command', () => started(worker).length >= count && started(worker).at(-1)!)
const end = (worker: TestWorker, command: string) => worker.send({ type: 'ended', command, seq: 1, rc: 0, failureReason: null, elapsed: 1 })
const stateOf = async (build: number, step = 0) => (await rows<{ state_string: string; started: boolean }>('SELECT state_string, started_at IS NOT NULL AS started FROM steps WHERE build_id = $1 AND number = $2', [build, step]))[0]!
const says = (build: number, text: string, step = 0) => until(`step ${step} of build ${build} to say: ${text}`, async () => (await stateOf(build, step)).state_string === text)
const ended = (build: number) => until(`the end of build ${build}`, async () => {
  const [row] = await rows<{ results: number | null; state_string: string }>('SELECT results, state_string FROM builds WHERE id = $1', [build])
  return row?.results === null ? null : row
})

test('a step waits without being started, says for whom, and begins when the lock is given back', async () => {
  const [one, two] = await running([shell('s', { locks: [lock('L')] })], [shell('t', { locks: [lock('L')] })])
  await says(2, 'waiting for lock L held by build b1/1 step s')
  expect(await stateOf(2)).toMatchObject({ started: false })
  expect(started(two!)).toEqual([])
  end(one!, await begun(one!))
  expect(await ended(1)).toMatchObject({ results: SUCCESS })
  end(two!, await begun(two!))
  expect(await ended(2)).toMatchObject({ results: SUCCESS })
  expect(await rows('SELECT 1 FROM locks')).toEqual([])
})

test('one after the other in one build, and a step that is skipped takes none', async () => {
  const locks = [lock('L')]
  const [one] = await running([shell('s', { locks }), shell('skipped', { locks: [lock('M')], doStepIf: false }), shell('t', { locks })], [shell('holds', { locks: [lock('M')] })])
  end(one!, await begun(one!))
  end(one!, await begun(one!, 2))
  expect(await ended(1)).toMatchObject({ results: SUCCESS })
})

test('a stop while it waits ends the build at once, and its place in the queue is free', async () => {
  const [one, two] = await running([shell('s', { locks: [lock('L')] })], [shell('t', { locks: [lock('L')] })])
  await says(2, 'waiting for lock L held by build b1/1 step s')
  await transaction(world.db, null, tx => requestStop(tx, { buildId: 2, reason: 'enough', actor: 'user:a' }))
  engines[0]!.runs.byId(2)!.stop('enough')
  expect(await ended(2)).toMatchObject({ results: CANCELLED, state_string: 'stopped: enough' })
  expect(await stateOf(2)).toMatchObject({ state_string: 'stopped while it waited for lock L held by build b1/1 step s' })
  expect(await rows('SELECT build_id FROM lock_claims')).toEqual([{ build_id: 1 }])
  expect(started(two!)).toEqual([])
  end(one!, await begun(one!))
  await ended(1)
})

test('builders that hold what the steps of the other want: the circle is told, and its youngest build ends', async () => {
  const [one, two] = await running({ locks: [lock('L')], steps: [shell('first'), shell('s', { locks: [lock('M')] })] }, { locks: [lock('M')], steps: [shell('first'), shell('t', { locks: [lock('L')] })] })
  end(two!, await begun(two!))
  await says(2, 'waiting for lock L held by build b1/1', 1)
  end(one!, await begun(one!))
  expect(await ended(2)).toMatchObject({ results: EXCEPTION })
  expect(await stateOf(2, 1)).toMatchObject({ state_string: 'deadlock: build b1/1 waits for lock M held by build b2/1, build b2/1 waits for lock L held by build b1/1' })
  end(one!, await begun(one!, 2))
  expect(await ended(1)).toMatchObject({ results: SUCCESS })
  expect(await rows('SELECT 1 FROM locks')).toEqual([])
})

test('a request whose builder\'s lock is held waits unclaimed', async () => {
  const locks = [lock('L', { mode: 'exclusive' })]
  const [one, two] = await running({ locks, steps: [shell('s')] }, { locks, steps: [shell('t')] })
  expect(await rows('SELECT id FROM builds')).toHaveLength(1)
  end(one!, await begun(one!))
  await ended(1)
  await engines[0]!.claim()
  end(two!, await begun(two!))
  expect(await ended(2)).toMatchObject({ results: SUCCESS })
})

test('a lock that cannot be stored ends its own build only', async () => {
  const [, two] = await running([shell('s', { locks: [lock('L', { maxCount: 2 ** 40 })] })], [shell('t', { locks: [lock('M')] })])
  expect(await ended(1)).toMatchObject({ results: EXCEPTION })
  end(two!, await begun(two!))
  expect(await ended(2)).toMatchObject({ results: SUCCESS })
})

test('where the lock of one worker is held, another worker is taken', async () => {
  const locks = [lock('R', { scope: 'worker' })]
  await running({ locks, steps: [shell('s')] }, [shell('t')], { workers: ['w1', 'w2'], locks, steps: [shell('u')] })
  expect(await rows('SELECT b.worker_id FROM builds b JOIN builders u ON u.id = b.builder_id WHERE u.name = $1', ['b3'])).toEqual([{ worker_id: 2 }])
})

test('held and waited for, both outlive their engine', async () => {
  const [one] = await running([shell('s', { locks: [lock('L')] })], [shell('t', { locks: [lock('L')] })])
  const command = await begun(one!)
  await says(2, 'waiting for lock L held by build b1/1 step s')
  await engines.pop()!.stop()
  const again = await anEngine()
  const later = await new TestWorker(again.port, 'w2').hello(processOf('w2'))
  const first = await new TestWorker(again.port, 'w1').hello(processOf('w1'), [{ command, state: 'running', lastSeq: 0 }])
  await until('the command to be resumed', () => first.of('decide').some(decision => decision.resume.length > 0))
  expect(await rows('SELECT build_id, held_at IS NOT NULL AS held FROM lock_claims ORDER BY id')).toEqual([{ build_id: 1, held: true }, { build_id: 2, held: false }])
  expect(started(later)).toEqual([])
  end(first, command)
  end(later, await begun(later))
  expect(await ended(2)).toMatchObject({ results: SUCCESS })
  expect(await rows('SELECT 1 FROM lock_claims')).toEqual([])
})
