import { GroupCommit, openDatabase, SessionLost, transaction, type BuildRef, type Fact, type Session } from '@yardmaster/db'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { createLogger, ReplicaBuried, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { startPostgresProxy, type CommitPoint } from '../../../../test/kit/postgres-proxy.js'
import { until } from '../../../../test/kit/until.js'
import { addBuildset } from '../verbs/add-buildset.js'

const clock = systemClock()
const logger = createLogger({ name: 'test', level: 'silent' })
let world: Installation
let replicaId: number
let commit: GroupCommit
let builds: { ref: BuildRef; session: Session; step: { id: number; number: number } }[]

/** Two builds of one builder, each on a worker of its own, claimed by one engine. */
beforeEach(async () => {
  world = await anInstallation(aConfiguration({ workers: [aWorker('w1'), aWorker('w2')], builders: [aBuilder('b', { workers: ['w1', 'w2'], collapseRequests: false })] }))
  replicaId = await anEngine()
  commit = new GroupCommit({ db: world.db, replicaId, clock, logger, onBuried: () => {} })
  builds = [await aBuildOn('w1'), await aBuildOn('w2')]
})
afterEach(() => world.close())

const anEngine = () => transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))

async function rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql, parameters)).rows
}

async function aBuildOn(worker: string) {
  const [{ id: workerId }, { id: builderId }] = [(await rows<{ id: number }>('SELECT id FROM workers WHERE name = $1', [worker]))[0]!, (await rows<{ id: number }>('SELECT id FROM builders'))[0]!]
  const opened = (await transaction(world.db, { replicaId }, tx => openSession(tx, { workerId, replicaId, processId: `p-${worker}`, info: {} })))!
  const added = await transaction(world.db, null, tx => addBuildset(tx, { reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: ['b'], priority: 0 }))
  const claim = { requestId: added.requests[0]!.requestId, builderId, buildsetId: added.buildsetId, projectId: null, project: null, workerId, sessionNumber: opened.number, units: 1, generationId: world.generationId, properties: {}, steps: ['s'] }
  const { builds: [claimed] } = await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, [claim]))
  const ref: BuildRef = { id: claimed!.buildId, number: claimed!.number, builderId, workerId, buildsetId: added.buildsetId, project: null }
  return { ref, session: { workerId, processId: 'p', number: opened.number, opening: null }, step: claimed!.steps[0]! }
}

function submit(at: 0 | 1, facts: Fact[], through = commit): Promise<void> {
  return through.submit({ session: builds[at]!.session, build: builds[at]!.ref, facts })
}

const property = (name: string, value: string): Fact => ({ kind: 'build-updated', properties: { [name]: [value, 'test'] } })
const propertiesOf = async (at: 0 | 1) => (await rows<{ properties: object }>('SELECT properties FROM builds WHERE id = $1', [builds[at]!.ref.id]))[0]!.properties

test('facts that gather while a commit is under way are one transaction, in order, told in one outbox row', async () => {
  const log = { id: 900, stepId: builds[0]!.step.id, slug: 'stdio' }
  await world.db.pool.query('DELETE FROM outbox')
  const lines = (firstLine: number, text: string): Fact => ({ kind: 'log-appended', log, firstLine, lines: 1, content: Buffer.from(text) })
  await Promise.all([
    submit(0, [{ kind: 'log-opened', log, name: 'stdio', type: 's' }, { kind: 'effect-started', effect: { step: 0, n: 1 }, effectKind: 'command', fingerprint: 'f', firstLine: 0 }, lines(0, 'oa\n')]),
    submit(0, [lines(1, 'ob\n'), { kind: 'effect-advanced', effect: { step: 0, n: 1 }, seq: 2 }, { kind: 'effect-ended', effect: { step: 0, n: 1 }, position: 1, outcome: { rc: 0 } }]),
    submit(1, [property('x', '1')]),
    submit(1, [property('x', '2')]),
  ])
  expect(await rows('SELECT num_lines FROM logs WHERE id = 900')).toEqual([{ num_lines: 2 }])
  expect(await rows('SELECT first_line, last_line, content FROM log_chunks ORDER BY first_line')).toEqual([
    { first_line: 0, last_line: 0, content: Buffer.from('oa\n') }, { first_line: 1, last_line: 1, content: Buffer.from('ob\n') }])
  expect(await rows('SELECT seq, outcome FROM effects')).toEqual([{ seq: 2, outcome: '{"rc":0}' }])
  expect(await propertiesOf(1)).toMatchObject({ x: ['2', 'test'] })
  expect(await rows('SELECT jsonb_array_length(envelopes) AS n FROM outbox')).toHaveLength(1)
})

test('one poisoned fact fails its own build only', async () => {
  const outcomes = await Promise.allSettled([submit(0, [property('nul', 'a\0b')]), submit(1, [property('fine', 'y')])])
  expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'fulfilled'])
  expect(outcomes[0]).toMatchObject({ reason: { name: 'FactRefused' } })
  expect(await propertiesOf(1)).toMatchObject({ fine: ['y', 'test'] })
  await submit(0, [property('after', 'z')])
  expect(await propertiesOf(0)).toMatchObject({ after: ['z', 'test'] })
})

test('what follows a poisoned fact of its build before anybody knows is not written either', async () => {
  const refused = submit(0, [property('nul', 'a\0b')])
  refused.catch(() => {})
  // The first batch is on its way.
  await new Promise(resolve => setImmediate(resolve))
  const outcomes = await Promise.allSettled([refused, submit(0, [{ kind: 'build-finished', results: 0, stateString: 'build successful' }]), submit(1, [property('fine', 'y')])])
  expect(outcomes.map(outcome => outcome.status)).toEqual(['rejected', 'rejected', 'fulfilled'])
  expect(commit.queuedBytes).toBe(0)
  await submit(0, [{ kind: 'build-finished', results: 4, stateString: 'its facts cannot be stored' }])
  expect(await rows('SELECT results FROM builds WHERE id = $1', [builds[0]!.ref.id])).toEqual([{ results: 4 }])
})

test('who pushes back hears of everything that does not wait any more, also of what was refused', async () => {
  const log = { id: 901, stepId: builds[0]!.step.id, slug: 'stdio' }
  const heard: number[] = []
  commit.onWritten(() => heard.push(commit.queuedBytes))
  await submit(0, [{ kind: 'log-opened', log, name: 'stdio', type: 's' }, { kind: 'log-appended', log, firstLine: 0, lines: 1, content: Buffer.from('oabc\n') }])
  expect(heard).toEqual([0])
  await expect(submit(0, [property('nul', 'a\0b'), { kind: 'log-appended', log, firstLine: 1, lines: 1, content: Buffer.from('od\n') }])).rejects.toMatchObject({ name: 'FactRefused' })
  expect(heard).toEqual([0, 0])
})

test('the end of a step is its last word, also within one batch', async () => {
  const { step } = builds[0]!
  await Promise.all([
    submit(0, [{ kind: 'step-updated', step, started: true, finished: 0, stateString: 'done' }]),
    submit(0, [{ kind: 'step-updated', step, finished: 5, stateString: 'ended over its head' }]),
  ])
  expect(await rows('SELECT results, state_string FROM steps WHERE id = $1', [step.id])).toEqual([{ results: 0, state_string: 'done' }])
})

test('whose session has moved on is heard no more; the others are', async () => {
  const other = await anEngine()
  await transaction(world.db, { replicaId: other }, tx => openSession(tx, { workerId: builds[0]!.ref.workerId, replicaId: other, processId: 'p-w1', info: {} }))
  const outcomes = await Promise.allSettled([submit(0, [property('late', 'x')]), submit(1, [property('fine', 'y')])])
  expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: expect.any(SessionLost) })
  expect(outcomes[1]?.status).toBe('fulfilled')
  expect(await propertiesOf(0)).not.toHaveProperty('late')
})

test('a buried engine writes nothing more', async () => {
  const [{ beat }] = await rows<{ beat: number }>('SELECT beat FROM replicas WHERE id = $1', [replicaId]) as [{ beat: number }]
  const peer = await anEngine()
  expect(await transaction(world.db, { replicaId: peer }, tx => endReplica(tx, { id: replicaId, state: 'dead', beat: beat - 1 }))).toBe(false)
  expect(await transaction(world.db, { replicaId: peer }, tx => endReplica(tx, { id: replicaId, state: 'dead', beat }))).toBe(true)
  await expect(submit(0, [property('late', 'x')])).rejects.toBeInstanceOf(ReplicaBuried)
  await expect(submit(1, [property('later', 'x')])).rejects.toBeInstanceOf(ReplicaBuried)
  expect(await propertiesOf(0)).not.toHaveProperty('late')
})

test('a build ends once, with its request and its buildset', async () => {
  await submit(0, [{ kind: 'step-updated', step: builds[0]!.step, started: true, finished: 0, stateString: 'done' }, { kind: 'build-finished', results: 0, stateString: 'build successful' }])
  await submit(0, [{ kind: 'build-finished', results: 2, stateString: 'again' }])
  expect(await rows('SELECT results, state_string FROM builds WHERE id = $1', [builds[0]!.ref.id])).toEqual([{ results: 0, state_string: 'build successful' }])
  expect(await rows('SELECT results, remaining FROM buildsets WHERE id = $1', [builds[0]!.ref.buildsetId])).toEqual([{ results: 0, remaining: 0 }])
  await submit(1, [{ kind: 'build-finished', results: 5, stateString: 'worker lost' }])
  expect(await rows('SELECT r.state, s.remaining FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id WHERE s.id = $1', [builds[1]!.ref.buildsetId])).toEqual([{ state: 'pending', remaining: 1 }])
})

const losses: { name: string; point: Omit<CommitPoint, 'transaction'> }[] = [
  { name: 'with its connection', point: { when: 'after the commit' } },
  { name: 'in a network that swallows it', point: { when: 'after the commit', silently: true } },
  { name: 'before it arrived, in a network that swallows it', point: { when: 'before the commit', silently: true } },
]

test.each(losses)('a COMMIT that is lost $name is not done twice, and not lost', async ({ point }) => {
  const proxy = await startPostgresProxy(world.url)
  let lost = 0
  proxy.at({ transaction: /log_chunks/, ...point }, () => { lost += 1 })
  const db = openDatabase({ url: proxy.url, connections: 2, onConnectionLost: () => {}, queryTimeoutMs: 1_000 })
  const shaky = new GroupCommit({ db, replicaId, clock, logger, onBuried: () => {} })
  const log = { id: 901, stepId: builds[0]!.step.id, slug: 'once' }
  await submit(0, [{ kind: 'log-opened', log, name: 'once', type: 't' }, { kind: 'log-appended', log, firstLine: 0, lines: 1, content: Buffer.from('a\n') }], shaky)
  await submit(0, [{ kind: 'log-appended', log, firstLine: 1, lines: 1, content: Buffer.from('b\n') }], shaky)
  expect(lost).toBe(1)
  expect(await rows('SELECT first_line FROM log_chunks WHERE log_id = 901 ORDER BY first_line')).toEqual([{ first_line: 0 }, { first_line: 1 }])
  await db.close()
  await proxy.close()
})

test('a batch waits for the locks of steps, and for builders that collapse, before it holds what others may need', async () => {
  await rows('UPDATE builders SET collapse_requests = true')
  await rows(`INSERT INTO builders (key, name, set_name) VALUES ('c', 'c', 'main')`)
  await rows(`INSERT INTO locks (key, name, max_count, generation_id) VALUES ('cluster:L', 'L', 1, $1)`, [world.generationId])
  await rows(`INSERT INTO lock_claims (lock_id, build_id, step_number, mode, held_at) SELECT id, $1, 0, 'counting', now() FROM locks`, [builds[1]!.ref.id])
  const triggered = (builder: string, n: number): Fact[] => [
    { kind: 'effect-started', effect: { step: 0, n }, effectKind: 'trigger', fingerprint: 'f', firstLine: 0 },
    { kind: 'effect-triggered', effect: { step: 0, n }, position: n, buildsets: [{ reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0 }] }]
  const waits = () => until('the batch to wait', async () => (await rows(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0)
  const free = async (builder: string) => (await rows<{ free: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext('collapse'), id::int) AS free FROM builders WHERE name = $1`, [builder]))[0]!.free
  let written: Promise<unknown> | undefined
  await transaction(world.db, null, async tx => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('collapse'), id::int) FROM builders WHERE name = 'b'`)
    await tx.query('SELECT 1 FROM locks FOR UPDATE')
    written = Promise.all([submit(0, [...triggered('c', 1), ...triggered('b', 2)]), submit(1, [{ kind: 'locks-released', step: 0 }])])
    await waits()
    expect(await free('c')).toBe(true)
  })
  await written
  await transaction(world.db, null, async tx => {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtext('collapse'), id::int) FROM builders WHERE name = 'b'`)
    written = submit(0, [...triggered('c', 3), ...triggered('b', 4)])
    await waits()
    expect(await free('c')).toBe(true)
  })
  await written
  expect(await rows('SELECT 1 FROM lock_claims')).toEqual([])
  expect(await rows(`SELECT 1 FROM build_requests WHERE state = 'pending'`)).toHaveLength(4)
})
