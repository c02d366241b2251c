import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfiguration } from '@yardmaster/config/host'
import { transaction } from '@yardmaster/db'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestStop } from '@yardmaster/db/verbs/stop-build'
import { CANCELLED, EXCEPTION, RETRY, SUCCESS, type Renderable, type ShellStep, type StepConfig } from '@yardmaster/domain'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'
import { obeyControls } from '../loops/obey-controls.js'
import { ask, startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { TestWorker } from '../testing/test-worker.js'

const [ONE, TWO] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']

let world: Installation
const engines: TestEngine[] = []

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.stop()
  await world.close()
})

const flags = { haltOnFailure: true, flunkOnFailure: true, flunkOnWarnings: false, warnOnFailure: false, warnOnWarnings: false, doStepIf: true, hideStepIf: false, locks: [], description: null, descriptionDone: null, descriptionSuffix: null }

function shell(name: string, command: Renderable, more: Partial<ShellStep> = {}): StepConfig {
  return { kind: 'shell', name, command, ...flags, alwaysRun: false, env: {}, workdir: 'build', timeout: null, maxTime: null, logEnviron: false, usePTY: false, decodeRC: {}, logfiles: {}, ...more }
}

async function installation(steps: StepConfig[], builders = ['b']): Promise<void> {
  world = await anInstallation(aConfiguration({ builders: builders.map(name => aBuilder(name, { steps, collapseRequests: false })) }))
}

async function anEngine(): Promise<TestEngine> {
  const engine = await startTestEngine(world)
  engines.push(engine)
  return engine
}

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}
const builds = () => rows<{ id: number; results: number | null; state_string: string }>('SELECT id, results, state_string FROM builds ORDER BY id')
const steps = () => rows<{ results: number | null; state_string: string; done: boolean }>('SELECT results, state_string, complete_at IS NOT NULL AS done FROM steps ORDER BY number')
const started = (worker: TestWorker, count = 1) => until('the start of a command', () => worker.of('start').length >= count && worker.of('start').at(-1)!.command)
const end = (worker: TestWorker, command: string, seq = 1) => worker.send({ type: 'ended', command, seq, rc: 0, failureReason: null, elapsed: 1 })
const ended = (index = 0) => until('the build to end', async () => { const build = (await builds())[index]; return build?.results === null ? null : build })

/** A build whose first command runs on the worker. */
async function aRunningBuild(engine: TestEngine): Promise<{ worker: TestWorker; command: string }> {
  const worker = await new TestWorker(engine.port, 'w1').hello(ONE)
  await ask(world, 'b')
  await engine.claim()
  return { worker, command: await started(worker) }
}

const held = (command: string, lastSeq = 0) => [{ command, state: 'running' as const, lastSeq }]

test('a build handed over writes nothing more, and goes on elsewhere with the command that runs', async () => {
  await installation([shell('s', 'x')])
  const first = await anEngine()
  const { command } = await aRunningBuild(first)
  await first.stop()
  expect(await steps()).toMatchObject([{ results: null, done: false }])
  const second = await anEngine()
  const worker = await new TestWorker(second.port, 'w1').hello(ONE, held(command))
  await until('the command to be resumed', () => worker.of('decide').some(decision => decision.resume.some(resumed => resumed.command === command)))
  end(worker, command)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect([worker.of('start'), worker.killed]).toEqual([[], []])
})

test('a run that was given up does not take its successor with it', async () => {
  await installation([shell('s', 'x')])
  const engine = await anEngine()
  const { worker, command } = await aRunningBuild(engine)
  const [session] = engine.pool.sessions()
  engine.pool.drop(session!)
  await until('the connection to end', () => worker.closed)
  const again = await new TestWorker(engine.port, 'w1').hello(ONE, held(command))
  await until('the command to be resumed', () => again.of('decide').some(decision => decision.resume.length > 0))
  expect(engine.runs.hasCommand(command)).toBe(true)
  expect(again.killed).toEqual([])
  end(again, command)
  expect(await ended()).toMatchObject({ results: SUCCESS })
})

test('what a replaced worker does not know of is not started again: the build is retried', async () => {
  await installation([shell('s', 'x')])
  const engine = await anEngine()
  const { worker } = await aRunningBuild(engine)
  worker.close()
  await until('the end of the connection', () => engine.pool.sessions()[0]!.link === null)
  await until('its end to be written', async () => (await rows('SELECT 1 FROM worker_sessions WHERE NOT connected')).length === 1)
  const other = await new TestWorker(engine.port, 'w1').hello(TWO)
  expect(await ended()).toMatchObject({ results: RETRY })
  expect(other.of('start')).toEqual([])
})

test('a command begun by a replaced worker is not started again either when the engine that took the new one in died at once', async () => {
  await installation([shell('s', 'x')])
  const first = await anEngine()
  const { command } = await aRunningBuild(first)
  await first.stop()
  const { db } = world
  const replicaId = await transaction(db, null, tx => registerReplica(tx, { role: 'engine', name: 'short', host: 'h', pid: 1, softwareVersion: '0' }))
  await transaction(db, null, async tx => {
    await endReplica(tx, { id: first.replicaId, state: 'dead' })
    await openSession(tx, { workerId: 1, replicaId, processId: TWO, info: {} })
    await endReplica(tx, { id: replicaId, state: 'dead' })
  })
  const second = await anEngine()
  const worker = await new TestWorker(second.port, 'w1').hello(TWO)
  expect(await ended()).toMatchObject({ results: RETRY })
  expect(worker.of('start').filter(start => start.command === command)).toEqual([])
})

test('a stop ends what was begun before a replay, and only then cleans up', async () => {
  await installation([shell('s', 'x'), shell('never', 'x'), shell('cleanup', 'x', { alwaysRun: true })])
  const first = await anEngine()
  const { command } = await aRunningBuild(first)
  await first.stop()
  await rows(`UPDATE builds SET stop_requested_at = now(), stop_reason = 'enough'`)
  const second = await anEngine()
  const worker = await new TestWorker(second.port, 'w1').hello(ONE, held(command))
  await until('the command to be interrupted', () => worker.of('interrupt').some(interrupt => interrupt.command === command))
  expect(worker.of('start')).toEqual([])
  end(worker, command)
  end(worker, await started(worker))
  expect(await ended()).toMatchObject({ results: CANCELLED, state_string: 'stopped: enough' })
  expect(await steps()).toMatchObject([{ results: CANCELLED, done: true }, { results: null, done: false }, { results: SUCCESS, done: true }])
})

test('a second stop interrupts a step that always runs, and the build ends', async () => {
  await installation([shell('s', 'x'), shell('cleanup', 'x', { alwaysRun: true })])
  const engine = await anEngine()
  const { worker, command } = await aRunningBuild(engine)
  const { id } = (await builds())[0]!
  const stop = async () => {
    const asked = await transaction(world.db, null, tx => requestStop(tx, { buildId: id, reason: 'enough', actor: 'user:a' }))
    await obeyControls({ db: world.db, fence: engine.fence, runs: engine.runs, pool: engine.pool })
    return asked
  }
  expect(await stop()).toBe(true)
  end(worker, command)
  const cleanup = await started(worker, 2)
  // A double click.
  expect(await stop()).toBe(false)
  expect(worker.of('interrupt').map(interrupt => interrupt.command)).toEqual([command])
  await rows(`UPDATE builds SET stop_requested_at = now() - interval '3 seconds'`)
  expect(await stop()).toBe(true)
  await until('the cleanup to be interrupted', () => worker.of('interrupt').some(interrupt => interrupt.command === cleanup))
  end(worker, cleanup)
  expect(await ended()).toMatchObject({ results: CANCELLED, state_string: 'stopped: enough' })
})

test('a command that was stopped while its worker was away is killed when it comes back', async () => {
  await installation([shell('s', 'x'), shell('cleanup', 'x', { alwaysRun: true })])
  const engine = await anEngine()
  const { worker, command } = await aRunningBuild(engine)
  worker.close()
  await until('the end of the connection', () => engine.pool.sessions()[0]!.link === null)
  engine.runs.byId((await builds())[0]!.id)!.stop('enough')
  const again = await new TestWorker(engine.port, 'w1').hello(ONE, held(command))
  expect(again.killed).toEqual([command])
  end(again, await started(again))
  expect(await ended()).toMatchObject({ results: CANCELLED })
})

test('a claim whose answer was lost keeps the folder of its builder', async () => {
  await installation([shell('s', 'x')])
  const engine = await anEngine()
  const worker = await new TestWorker(engine.port, 'w1').hello(ONE)
  await ask(world, 'b')
  await ask(world, 'b')
  await engine.claim()
  const command = await started(worker)
  // As if this engine did not know of the build that its claim has made.
  await engine.runs.abandon(engine.pool.sessions()[0]!)
  await engine.claim()
  expect(await builds()).toHaveLength(1)
  await engine.reconcile()
  await until('the command to be resumed', () => worker.of('decide').some(decision => decision.resume.some(resumed => resumed.command === command)))
  end(worker, command)
  expect(await ended()).toMatchObject({ results: SUCCESS })
})

test('requests that cannot start do not hide those that can', async () => {
  const names = Array.from({ length: 11 }, (_, n) => `full${n}`)
  await installation([shell('s', 'x')], [...names, 'b'])
  const engine = await anEngine()
  await new TestWorker(engine.port, 'w1').hello(ONE)
  for (const name of names) for (let n = 0; n < 21; n++) await ask(world, name)
  await engine.claim()
  expect(await builds()).toHaveLength(11)
  await ask(world, 'b')
  await engine.claim()
  expect(await builds()).toHaveLength(12)
})

test('a step whose thread another step kept busy is replayed, and its command joined; the other ends with EXCEPTION', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-engine-'))
  const file = join(folder, 'yard.config.ts')
  writeFileSync(file, `
    import { defineConfig, workers } from '@yardmaster/config'
    const only = { workers: ['w1'] }
    export default defineConfig({ workers: [workers.worker({ name: 'w1', password: 'p' })], builders: [
      { name: 'b', ...only, steps: [async ctx => { await ctx.setProperty('once', await ctx.random()); await ctx.command(['x']); await ctx.summary({ step: 'fine' }) }] },
      { name: 'spins', ...only, steps: [async ctx => { await ctx.now(); for (;;); }] },
    ] })`)
  const checked = await checkConfiguration(file, systemClock().setTimeout)
  rmSync(folder, { recursive: true })
  if (!checked.ok) throw new Error(JSON.stringify(checked.errors))
  world = await anInstallation(checked.configuration)
  const engine = await startTestEngine(world, { code: checked.bundle.code })
  engines.push(engine)
  const { worker, command } = await aRunningBuild(engine)
  const before = await rows('SELECT properties FROM builds')
  await ask(world, 'spins')
  await engine.claim()
  expect(await ended(1)).toMatchObject({ results: EXCEPTION })
  await until('the command to be joined', () => worker.of('decide').some(decision => decision.resume.some(resumed => resumed.command === command)))
  end(worker, command)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect([worker.of('start').length, worker.killed]).toEqual([1, []])
  expect(await rows('SELECT properties FROM builds WHERE id = (SELECT min(id) FROM builds)')).toEqual(before)
})

test('logs whose names look alike, a NUL, and a secret in the command line', async () => {
  await installation([shell('s', ['curl', { $secret: 'token' }], { logfiles: { 'a.b': 'x', 'a b': 'y' } })])
  const engine = await anEngine()
  const { worker, command } = await aRunningBuild(engine)
  worker.send({ type: 'output', command, seq: 1, log: 'a b', lines: 1, content: Buffer.from('\0 hunter2\n') })
  end(worker, command, 2)
  const build = await ended()
  expect(build.results, build.state_string).toBe(SUCCESS)
  expect((await steps())[0]!.state_string).toBe("'curl <token>'")
  expect((await rows<{ slug: string }>('SELECT slug FROM logs ORDER BY slug')).map(log => log.slug)).toEqual(['a_b', 'a_b_2', 'stdio'])
  expect(await rows('SELECT content FROM log_chunks')).toEqual([{ content: Buffer.from('\0 <token>\n') }])
})

test('what cannot be stored ends the build with EXCEPTION, and nothing of it stays open', async () => {
  await installation([shell('bad', 'x'), shell('s', 'x')])
  world.configuration.builders[0]!.steps[0]!.descriptionDone = 'a\0b'
  const engine = await anEngine()
  const { worker, command } = await aRunningBuild(engine)
  end(worker, command)
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect((await steps())[0]).toMatchObject({ done: true })
  expect(await rows('SELECT 1 FROM logs WHERE NOT complete')).toEqual([])
})

test('a command that reaches a worker which was told to go has not failed: its build is built again', async () => {
  await installation([shell('s', 'x')])
  const engine = await anEngine()
  const worker = await new TestWorker(engine.port, 'w1').hello(ONE)
  engine.pool.sessions()[0]!.tellToGo('it was asked to stop')
  await ask(world, 'b')
  await engine.claim()
  worker.send({ type: 'ended', command: await started(worker), seq: 1, rc: -1, failureReason: 'interrupted', elapsed: 0 })
  expect(await ended()).toMatchObject({ results: RETRY })
  expect(await rows('SELECT state, (SELECT failures FROM workers) AS failures FROM build_requests')).toEqual([{ state: 'pending', failures: 0 }])
})

test('the wish of a worker to leave is written at last, though not at first', async () => {
  await installation([shell('s', 'x')])
  const engine = await anEngine()
  await new TestWorker(engine.port, 'w1').hello(ONE)
  const [session] = engine.pool.sessions()
  session!.leaving = 'wished'
  const obey = (replicaId: number) => obeyControls({ db: world.db, fence: { replicaId }, runs: engine.runs, pool: engine.pool })
  await expect(obey(4711)).rejects.toThrow('buried')
  expect(session!.leaving).toBe('wished')
  await obey(engine.replicaId)
  expect([session!.leaving, await rows('SELECT graceful FROM workers')]).toEqual(['written', [{ graceful: true }]])
})
