import { EXCEPTION, FAILURE, RETRY, SUCCESS, type Result } from '@yardmaster/domain'
import { GroupCommit, transaction, type Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { forgiveProvenWorkers, lockWorkers, unquarantineWorker } from '@yardmaster/db/verbs/blame-workers'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { finishBuilds } from '@yardmaster/db/verbs/finish-builds'
import { killWorker } from '@yardmaster/db/verbs/kill-worker'
import { noteWorkerStatus } from '@yardmaster/db/verbs/note-worker-status'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { retryLostBuilds } from '@yardmaster/db/verbs/retry-lost-builds'
import { tellMissingWorkers } from '@yardmaster/db/verbs/tell-missing-workers'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'

const names = ['a', 'b', 'c', 'd', 'e', 'f']
let world: Installation
let engine: number
beforeEach(async () => {
  const quarantine = { failures: 2, backoff: 100, maxBackoff: 300 }
  world = await anInstallation(aConfiguration({
    workers: [aWorker('w1', { quarantine, missingTimeout: 60, notifyOnMissing: ['ann@example.org'], notes: 'in the attic' }), aWorker('w2', { missingTimeout: null })],
    builders: names.map(name => aBuilder(name, { collapseRequests: false })),
  }))
  engine = await transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
})
afterEach(() => world.close())

const inOne = <T>(work: (tx: Transaction) => Promise<T>) => transaction(world.db, { replicaId: engine }, work)
const open = async (processId = 'p', more: { once?: boolean; labels?: { [label: string]: string } } = {}) =>
  (await inOne(tx => openSession(tx, { workerId: 1, replicaId: engine, processId, info: { admin: 'ann\0' }, ...more })))?.number ?? null

async function worker() {
  const { rows: [row] } = await world.db.pool.query<{ failures: number; seconds: number | null; quarantine_reason: string | null; graceful: boolean; killed: boolean; status: object | null; told: boolean }>(
    `SELECT failures, round(extract(epoch FROM quarantined_until - now()))::int AS seconds, quarantine_reason, graceful, kill_requested_at IS NOT NULL AS killed, status,
       missing_told_at IS NOT NULL AS told FROM workers WHERE id = 1`)
  return row!
}

async function start(builder: string, sessionNumber: number): Promise<number | null> {
  const { buildsetId, requests: [request] } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0 }))
  const claim = { ...request!, units: 1, buildsetId, projectId: null, project: null, workerId: 1, sessionNumber, generationId: world.generationId, properties: {}, steps: ['s'] }
  return (await inOne(tx => claimRequests(tx, engine, [claim]))).builds[0]?.buildId ?? null
}

const end = (buildIds: number[], results: Result, workerFault: string | null) => inOne(async tx => {
  await lockWorkers(tx, [1])
  await finishBuilds(tx, buildIds.map(buildId => ({ buildId, results, stateString: 'over', workerFault })))
})
/** Time passes until it is given builds again, as after its quarantine. */
const wait = () => world.db.pool.query(`UPDATE workers SET quarantined_until = now() - interval '1 s' WHERE quarantined_until IS NOT NULL`)
const fail = async (session: number) => {
  await wait()
  await end([(await start('a', session))!], EXCEPTION, 'its disk is full')
}

test('failures in a row bring quarantine, each time for longer; a build that ends otherwise clears them', async () => {
  const session = (await open())!
  await fail(session)
  expect(await worker()).toMatchObject({ failures: 1, seconds: null, quarantine_reason: null })
  await fail(session)
  expect(await worker()).toMatchObject({ failures: 2, seconds: 100, quarantine_reason: 'its disk is full' })
  await fail(session)
  expect(await worker()).toMatchObject({ failures: 3, seconds: 200 })
  await fail(session)
  await fail(session)
  expect(await worker()).toMatchObject({ failures: 5, seconds: 300 })
  expect(await start('a', session)).toBe(null)
  await wait()
  await end([(await start('a', session))!], RETRY, null)
  expect(await inOne(forgiveProvenWorkers)).toBe(0)
  await end([(await start('a', session))!], FAILURE, null)
  expect(await inOne(forgiveProvenWorkers)).toBe(1)
  expect(await worker()).toMatchObject({ failures: 0, seconds: null, quarantine_reason: null })
})

test('a good build between two failures counts, also before anybody looked', async () => {
  const session = (await open())!
  await fail(session)
  await end([(await start('a', session))!], SUCCESS, null)
  await fail(session)
  expect(await worker()).toMatchObject({ failures: 1, seconds: null })
})

test('builds that run side by side when the worker breaks are one failure', async () => {
  const session = (await open())!
  const builds = [await start('a', session), await start('b', session), await start('c', session)].map(id => id!)
  await end(builds.slice(0, 2), EXCEPTION, 'gone')
  await end(builds.slice(2), EXCEPTION, 'gone')
  expect((await worker()).failures).toBe(1)
})

test('who blames a worker waits for it before it holds the session, as whoever opens one does', async () => {
  const number = (await open())!
  const id = (await start('a', number))!
  const commit = new GroupCommit({ db: world.db, replicaId: engine, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }), onBuried: () => {} })
  const other = await world.db.pool.connect()
  await other.query(`BEGIN; SET LOCAL lock_timeout = '300ms'; UPDATE workers SET version = version + 1 WHERE id = 1`)
  const build = { id, number: 1, builderId: 1, workerId: 1, buildsetId: 1, project: null }
  const written = commit.submit({ session: { workerId: 1, number, opening: null, processId: 'p' }, build, facts: [{ kind: 'build-finished', results: EXCEPTION, stateString: 'x', workerFault: 'its disk is full' }] })
  await until('the commit to wait', async () => (await world.db.pool.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rowCount === 1)
  const held = await other.query('SELECT 1 FROM worker_sessions WHERE worker_id = 1 FOR UPDATE').then(() => 'free', () => 'taken')
  await other.query('ROLLBACK')
  other.release()
  await written
  expect(held).toBe('free')
  expect(await worker()).toMatchObject({ failures: 1 })
})

test('somebody says that it is well again', async () => {
  const session = (await open())!
  await fail(session)
  await fail(session)
  expect(await inOne(tx => unquarantineWorker(tx, { workerId: 1 }))).toBe(true)
  expect(await worker()).toMatchObject({ failures: 0, seconds: null })
  expect(await inOne(tx => unquarantineWorker(tx, { workerId: 99 }))).toBe(false)
})

test('a worker that stays away with a build is to blame', async () => {
  const session = (await open())!
  await start('a', session)
  await inOne(tx => closeSession(tx, { workerId: 1, number: session }))
  expect(await inOne(tx => retryLostBuilds(tx, { lostAfterSeconds: 0, limit: 10 }))).toEqual([1])
  expect(await worker()).toMatchObject({ failures: 1 })
})

test('a worker is not lost because no engine was there to take it in', async () => {
  const session = (await open())!
  await start('a', session)
  await inOne(tx => closeSession(tx, { workerId: 1, number: session }))
  await world.db.pool.query(`UPDATE worker_sessions SET disconnected_at = now() - interval '1 hour'`)
  const lost = () => inOne(tx => retryLostBuilds(tx, { lostAfterSeconds: 60, limit: 10 }))
  expect(await lost()).toEqual([])
  await world.db.pool.query(`UPDATE replicas SET started_at = now() - interval '61 s' WHERE id = $1`, [engine])
  expect(await lost()).toEqual([1])
})

test('a killed worker loses its builds at once, to nobody\'s blame, and is given none until another process of it comes', async () => {
  const session = (await open())!
  const build = (await start('a', session))!
  expect(await transaction(world.db, null, tx => killWorker(tx, { workerId: 1 }))).toBe(true)
  const { rows } = await world.db.pool.query('SELECT b.results, r.state FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE b.id = $1', [build])
  expect(rows).toEqual([{ results: RETRY, state: 'pending' }])
  expect(await worker()).toMatchObject({ failures: 0, graceful: true, killed: true })
  expect(await start('b', session)).toBe(null)
  const again = (await open('p'))!
  expect(again).toBe(session + 2)
  expect(await start('b', again)).toBe(null)
  await inOne(tx => closeSession(tx, { workerId: 1, number: again }))
  const anew = (await open('q'))!
  expect(await worker()).toMatchObject({ graceful: false, killed: false })
  expect(await start('b', anew)).not.toBe(null)
  expect(await transaction(world.db, null, tx => killWorker(tx, { workerId: 99 }))).toBe(false)
})

test('a process that takes one build is given one, over all of its connections', async () => {
  const session = (await open('p', { once: true }))!
  const [a, b] = await Promise.all([start('a', session), start('b', session)])
  expect([a, b].filter(id => id !== null).length).toBe(1)
  await end([(a ?? b)!], SUCCESS, null)
  const again = (await open('p', { once: true }))!
  expect(await start('c', again)).toBe(null)
  await inOne(tx => closeSession(tx, { workerId: 1, number: again }))
  expect(await start('c', (await open('q', { once: true }))!)).not.toBe(null)
})

test('a missing worker is told once for each absence; one that never came as well, one without a timeout never', async () => {
  const age = () => world.db.pool.query(`UPDATE workers SET expected_since = expected_since - interval '61 s'; UPDATE worker_sessions SET disconnected_at = disconnected_at - interval '61 s'`)
  const told = async () => (await inOne(tx => tellMissingWorkers(tx, 10))).map(({ name }) => name)
  expect(await told()).toEqual([])
  await age()
  expect(await told()).toEqual(['w1'])
  expect(await told()).toEqual([])
  const session = (await open())!
  expect(await worker()).toMatchObject({ told: false })
  await age()
  expect(await told()).toEqual([])
  await inOne(tx => closeSession(tx, { workerId: 1, number: session }))
  expect(await told()).toEqual([])
  await age()
  const [first, second] = await Promise.all([told(), told()])
  expect([...first, ...second]).toEqual(['w1'])
})

test('status is kept of one\'s own workers, with its time', async () => {
  const status = { load1: 0.5, diskFreeBytes: 7, memoryFreeBytes: 8 }
  await inOne(tx => noteWorkerStatus(tx, engine, [{ workerId: 1, status }]))
  expect((await worker()).status).toBe(null)
  await open()
  await inOne(tx => noteWorkerStatus(tx, engine, [{ workerId: 1, status }, { workerId: 99, status }]))
  expect((await worker()).status).toEqual({ ...status, at: expect.any(Number) as number })
})

test('what the worker and the configuration say of it is kept', async () => {
  await open('p', { labels: { os: 'linux', gpu: 'a100' } })
  const { rows } = await world.db.pool.query('SELECT notes, info, reported_labels, notify_on_missing, missing_timeout FROM workers ORDER BY id')
  expect(rows).toEqual([
    { notes: 'in the attic', info: { admin: 'ann\ufffd' }, reported_labels: { os: 'linux', gpu: 'a100' }, notify_on_missing: ['ann@example.org'], missing_timeout: 60 },
    { notes: null, info: {}, reported_labels: {}, notify_on_missing: [], missing_timeout: null },
  ])
})

test('what is told of the steps and logs of a build that ends from outside is of its project', async () => {
  const build = (await start('a', (await open())!))!
  const { rows: [project] } = await world.db.pool.query<{ id: number }>(`INSERT INTO projects (name, slug) VALUES ('p', 'p') RETURNING id`)
  await world.db.pool.query('UPDATE builds SET project_id = $1 WHERE id = $2', [project!.id, build])
  await world.db.pool.query('UPDATE steps SET started_at = now() WHERE build_id = $1', [build])
  await world.db.pool.query(`INSERT INTO logs (step_id, name, slug) SELECT id, 'stdio', 'stdio' FROM steps WHERE build_id = $1`, [build])
  await transaction(world.db, null, tx => killWorker(tx, { workerId: 1 }))
  const { rows } = await world.db.pool.query(`SELECT e->>'type' AS type, e->>'project' AS project FROM outbox, jsonb_array_elements(envelopes) AS e WHERE e->>'type' IN ('step.finished', 'log.finished', 'build.finished') ORDER BY 1`)
  expect(rows).toEqual([{ type: 'build.finished', project: 'p' }, { type: 'log.finished', project: 'p' }, { type: 'step.finished', project: 'p' }])
})
