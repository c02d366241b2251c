import { CANCELLED } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, beforeEach, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

const builders = {
  quiet: `steps.shell({ name: 'sleeps', command: 'echo begun; sleep 600' }), steps.shell({ name: 'later', command: 'true' })`,
  deaf: `steps.shell({ name: 'deaf', command: 'trap "" INT TERM HUP; echo begun; while true; do sleep 0.2; done' })`,
  detached: `steps.shell({ name: 'detached', command: 'setsid sh -c "trap \\'\\' INT TERM; while true; do sleep 0.2; done" & echo begun; wait' })`,
  spins: `async ctx => { ctx.print('begun'); await ctx.now(); for (;;) {} }`,
  awaits: `async ctx => { ctx.print('begun'); await ctx.now(); await new Promise(() => {}) }`,
  many: `...Array.from({ length: 1000 }, (_, n) => steps.shell({ name: 'quick' + n, command: 'echo begun' }))`,
  holds: `steps.shell({ name: 'locked', command: 'echo begun; sleep 600', locks: [lock.access('exclusive')] })`,
  queues: `steps.shell({ name: 'first', command: 'echo begun' }), steps.shell({ name: 'locked', command: 'true', locks: [lock.access('exclusive')] }), steps.shell({ name: 'cleans', command: 'true', alwaysRun: true })`,
  cleansUp: `steps.shell({ name: 'fails', command: 'false', haltOnFailure: true }), steps.shell({ name: 'cleans', command: 'echo begun; sleep 600', alwaysRun: true }), steps.shell({ name: 'last', command: 'true', alwaysRun: true })`,
}
type Builder = keyof typeof builders | 'waits'

const config = `
import { defineConfig, schedulers, steps, util, workers } from '@yardmaster/config'
const lock = util.masterLock('the only one')
const names = ${JSON.stringify([...Object.keys(builders), 'waits'])}
export default defineConfig({
  workers: [workers.worker({ name: 'w1', password: 'pw' }), workers.worker({ name: 'absent', password: 'pw' })],
  builders: [
    ${Object.entries(builders).map(([name, text]) => `{ name: '${name}', workers: ['w1'], collapseRequests: false, steps: [${text}] },`).join('\n    ')}
    { name: 'waits', workers: ['absent'], steps: [steps.shell({ command: 'true' })] },
  ],
  schedulers: [schedulers.force({ name: 'force', builders: names })],
})
`
let cluster: Cluster
beforeAll(async () => { cluster = await startCluster({ config, workers: ['w1'], engines: 2 }) })
afterAll(() => cluster?.stop())
beforeEach(() => { onTestFailed(() => { process.stderr.write(`${lastWords(cluster)}\n`) }) })

async function force(builder: Builder): Promise<number> {
  const [row] = await cluster.rows<{ id: number }>('SELECT id FROM builders WHERE name = $1', [builder])
  const answer = await cluster.client.control('forceschedulers/force', 'force', { builderid: row!.id }) as [number, { [builder: string]: number }]
  return answer[1][String(row!.id)]!
}

/** A build of it, once it has printed. */
async function begun(builder: Builder): Promise<number> {
  const request = await force(builder)
  const { id } = await until(`a build of ${builder} to print`, async () => (await cluster.rows<{ id: number }>(
    'SELECT b.id FROM builds b JOIN steps s ON s.build_id = b.id JOIN logs l ON l.step_id = s.id AND l.num_lines > 0 WHERE b.build_request_id = $1', [request]))[0])
  return id
}

type Told = { results: number; text: string; steps: { name: string; results: number | null; text: string }[] }

async function stop(build: number): Promise<void> {
  await cluster.client.control(`builds/${build}`, 'stop', { reason: 'enough' })
}

/** How it ended, and what is said of it. Of its steps only those that began. */
async function ended(build: number): Promise<Told> {
  const { results, text } = await until(`build ${build} to end`, async () =>
    (await cluster.rows<{ results: number; text: string }>('SELECT results, state_string AS text FROM builds WHERE id = $1 AND complete_at IS NOT NULL', [build]))[0])
  const steps = await cluster.rows<Told['steps'][number]>('SELECT name, results, state_string AS text FROM steps WHERE build_id = $1 AND started_at IS NOT NULL ORDER BY number', [build])
  expect(await cluster.rows(`SELECT state, results FROM build_requests WHERE id = (SELECT build_request_id FROM builds WHERE id = $1)`, [build])).toEqual([{ state: 'complete', results }])
  return { results, text, steps }
}

async function stopped(builder: Builder): Promise<Told> {
  const build = await begun(builder)
  await stop(build)
  return ended(build)
}

const cancelled = { results: CANCELLED, text: 'stopped: enough' }
const engineOf = async (build: number) => {
  const [row] = await cluster.rows<{ pid: number }>('SELECT r.pid FROM builds b JOIN worker_sessions s ON s.worker_id = b.worker_id JOIN replicas r ON r.id = s.replica_id WHERE b.id = $1', [build])
  return cluster.engines.find(engine => engine.pid === row!.pid)!
}
const nothingRuns = (what: string) => until(`nothing of ${what} to run any more`, async () => (await cluster.rows('SELECT 1 FROM builds WHERE complete_at IS NULL')).length === 0)

test('while a command runs; the steps after it are not begun', async () => {
  expect(await stopped('quiet')).toEqual({ ...cancelled, steps: [{ name: 'sleeps', results: CANCELLED, text: `'echo begun; ...' (cancelled)` }] })
})

test('while a command ignores every signal that it can', async () => {
  expect(await stopped('deaf')).toMatchObject({ ...cancelled, steps: [{ results: CANCELLED }] })
})

test('while a command that has left its process group ignores signals', async () => {
  expect(await stopped('detached')).toMatchObject({ ...cancelled, steps: [{ results: CANCELLED }] })
})

test('while a custom step spins', async () => {
  expect(await stopped('spins')).toMatchObject({ ...cancelled, steps: [{ results: CANCELLED }] })
})

test('while a custom step waits for what never comes', async () => {
  expect(await stopped('awaits')).toMatchObject({ ...cancelled, steps: [{ results: CANCELLED }] })
})

test('between steps: those that ran keep their results, no other begins', async () => {
  const { steps, ...build } = await stopped('many')
  expect(build).toEqual(cancelled)
  expect(steps.length).toBeLessThan(1000)
  expect(steps.slice(0, -1).filter(step => step.results !== 0)).toEqual([])
})

test('in a step that always runs: it is interrupted, and the next of its kind still runs', async () => {
  const { results, steps } = await stopped('cleansUp')
  expect(results).toBe(CANCELLED)
  expect(steps.map(step => [step.name, step.results])).toEqual([['fails', 2], ['cleans', CANCELLED], ['last', 0]])
})

test('waiting for a lock: it waits no more, the holder goes on, and what always runs still runs', async () => {
  const holder = await begun('holds')
  const waiting = await begun('queues')
  await until('it to wait, and to say for what', async () => (await cluster.rows<{ text: string }>(
    'SELECT s.state_string AS text FROM lock_claims c JOIN steps s ON s.build_id = c.build_id AND s.number = c.step_number WHERE c.build_id = $1 AND c.held_at IS NULL', [waiting]))
    .some(row => row.text.includes('the only one')))
  await stop(waiting)
  const told = await ended(waiting)
  expect(told).toMatchObject(cancelled)
  expect(told.steps.filter(step => step.name !== 'locked').map(step => [step.name, step.results])).toEqual([['first', 0], ['cleans', 0]])
  expect(await cluster.rows('SELECT build_id FROM lock_claims')).toEqual([{ build_id: holder }])
  await stop(holder)
  expect(await ended(holder)).toMatchObject(cancelled)
  expect(await cluster.rows('SELECT 1 FROM lock_claims')).toEqual([])
})

test('waiting in the queue: the request is cancelled, and no build begins', async () => {
  const request = await force('waits')
  await cluster.client.control(`buildrequests/${request}`, 'cancel', { reason: 'enough' })
  expect(await cluster.rows('SELECT state, results, (SELECT count(*)::int FROM builds b WHERE b.build_request_id = r.id) AS builds FROM build_requests r WHERE id = $1', [request]))
    .toEqual([{ state: 'complete', results: CANCELLED, builds: 0 }])
})

test('the worker is gone', async () => {
  const build = await begun('quiet')
  const [worker] = cluster.workers
  await worker!.kill()
  await stop(build)
  const told = await ended(build)
  expect(told).toMatchObject(cancelled)
  expect(told.steps).toMatchObject([{ name: 'sleeps', results: CANCELLED }])
  await worker!.start()
})

test('the worker stands still', async () => {
  const build = await begun('quiet')
  const [worker] = cluster.workers
  worker!.signal('SIGSTOP')
  await stop(build)
  expect(await ended(build)).toMatchObject(cancelled)
  worker!.signal('SIGCONT')
})

test('its engine is dead: the other one ends it', async () => {
  const build = await begun('quiet')
  const engine = await engineOf(build)
  await engine.kill()
  await stop(build)
  expect(await ended(build)).toMatchObject(cancelled)
  await engine.start()
})

test('its engine drains: the build is another engine\'s by then, or still its own', async () => {
  const build = await begun('quiet')
  const engine = await engineOf(build)
  const { id } = (await cluster.rows<{ id: number }>(`SELECT id FROM replicas WHERE pid = $1 AND state = 'alive'`, [engine.pid]))[0]!
  await createYardClient({ baseUrl: cluster.url }).drain(id)
  await stop(build)
  expect(await ended(build)).toMatchObject(cancelled)
  await until('the engine to end', () => !engine.running)
  expect(engine.exitCode).toBe(0)
  await engine.start()
})

test('its engine is told to stop at the same time', async () => {
  const build = await begun('quiet')
  const engine = await engineOf(build)
  engine.signal('SIGTERM')
  await stop(build)
  expect(await ended(build)).toMatchObject(cancelled)
  await until('the engine to end', () => !engine.running)
  expect(engine.exitCode).toBe(0)
  await engine.start()
})

test('every engine is dead: it ends as soon as one is back', async () => {
  const build = await begun('quiet')
  await Promise.all(cluster.engines.map(engine => engine.kill()))
  await stop(build)
  await Promise.all(cluster.engines.map(engine => engine.start()))
  expect(await ended(build)).toMatchObject(cancelled)
})

test('a worker that had builds stopped takes new ones', async () => {
  await nothingRuns('the stopped builds')
  const build = await begun('many')
  await stop(build)
  expect(await ended(build)).toMatchObject(cancelled)
})
