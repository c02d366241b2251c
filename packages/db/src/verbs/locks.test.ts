import { GroupCommit, transaction, type BuildRef, type Session } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { claimRequests, type Claim } from '@yardmaster/db/verbs/claim-requests'
import { finishBuilds } from '@yardmaster/db/verbs/finish-builds'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { takeLocks, type LockAnswer } from '@yardmaster/db/verbs/take-locks'
import { RETRY, SUCCESS, type LockUse } from '@yardmaster/domain'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, bringGeneration, type Installation } from '../../../../test/kit/installation.js'

const WORKERS = ['w1', 'w2', 'w3', 'w4', 'w5']
const BUILDERS = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8', 'b9', 'b10']

type Running = { replicaId: number; commit: GroupCommit; session: Session; ref: BuildRef; step: { id: number; number: number } }
type Engine = { replicaId: number; sessions: Map<string, Session>; commit: GroupCommit }

let world: Installation
let engines: Engine[]
const [clock, logger] = [systemClock(), createLogger({ name: 'test', level: 'silent' })]

/** Three engines, with two, two and one of the workers. */
beforeEach(async () => {
  world = await anInstallation(aConfiguration({ workers: WORKERS.map(name => aWorker(name)), builders: BUILDERS.map(name => aBuilder(name, { workers: WORKERS, collapseRequests: false })) }))
  engines = await Promise.all([['w1', 'w2'], ['w3', 'w4'], ['w5']].map(anEngine))
})
afterEach(() => world.close())

async function rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql, parameters)).rows
}

async function anEngine(workers: string[]): Promise<Engine> {
  const replicaId = await transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
  const sessions = new Map<string, Session>()
  for (const name of workers) {
    const workerId = WORKERS.indexOf(name) + 1
    const { number } = (await transaction(world.db, { replicaId }, tx => openSession(tx, { workerId, replicaId, processId: name, info: {} })))!
    sessions.set(name, { workerId, number, opening: null, processId: name })
  }
  return { replicaId, sessions, commit: new GroupCommit({ db: world.db, replicaId, clock, logger, onBuried: () => {} }) }
}

const use = (name: string, mode: LockUse['mode'], { count = 1, maxCount = 1 } = {}): LockUse => ({ key: `cluster:${name}`, name, mode, count, maxCount })

async function aClaim(engine: Engine, worker: string, { builder = 'b1', locks }: { builder?: string; locks?: LockUse[] } = {}): Promise<Claim> {
  const { buildsetId, requests } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0 }))
  const { workerId, number } = engine.sessions.get(worker)!
  return { requestId: requests[0]!.requestId, builderId: BUILDERS.indexOf(builder) + 1, buildsetId, projectId: null, project: null, workerId, sessionNumber: number, units: 1,
    generationId: world.generationId, properties: {}, steps: ['s'], ...(locks ? { locks } : {}) }
}

async function aBuild(engine: Engine, worker: string, more: { builder?: string; locks?: LockUse[] } = {}): Promise<Running> {
  const claim = await aClaim(engine, worker, more)
  const { builds: [claimed] } = await transaction(world.db, engine, tx => claimRequests(tx, engine.replicaId, [claim]))
  if (!claimed) throw new Error('the request was not claimed')
  const { builderId, buildsetId, workerId } = claim
  return { replicaId: engine.replicaId, commit: engine.commit, session: engine.sessions.get(worker)!, ref: { id: claimed.buildId, number: claimed.number, builderId, workerId, buildsetId, project: null }, step: claimed.steps[0]! }
}

async function take({ replicaId, session, ref }: Running, ...uses: LockUse[]): Promise<LockAnswer> {
  const [answer] = await transaction(world.db, { replicaId }, tx => takeLocks(tx, replicaId, [{ session, buildId: ref.id, step: 0, generationId: world.generationId, uses }]))
  return answer!
}

/** As the engine ends a step. */
async function endStep({ commit, session, ref, step }: Running): Promise<void> {
  await commit.submit({ session, build: ref, facts: [{ kind: 'step-updated', step, started: true, finished: SUCCESS }, { kind: 'locks-released', step: 0 }] })
}

const everybody = () => engines.flatMap(engine => [...engine.sessions.keys()].flatMap(worker => BUILDERS.map(builder => ({ engine, worker, builder }))))

test('fifty steps on three engines: never more than maxCount, exclusive alone, everybody in the end, nothing left', async () => {
  const builds: Running[] = []
  for (const { engine, worker, builder } of everybody()) builds.push(await aBuild(engine, worker, { builder }))
  let [counting, exclusive, most] = [0, 0, 0]
  const violations: string[] = []
  await Promise.all(builds.map(async (build, index) => {
    const alone = index % 7 === 0
    const uses = [use('L', alone ? 'exclusive' : 'counting', { maxCount: 3 }), ...(index % 5 === 0 ? [use('K', 'counting')] : [])]
    while (await take(build, ...uses) === 'waiting') await clock.sleep(10)
    if (alone) exclusive++
    else counting++
    most = Math.max(most, counting)
    if (counting > 3 || exclusive > 1 || (exclusive > 0 && counting > 0)) violations.push(`${counting} counting, ${exclusive} exclusive`)
    await clock.sleep(50)
    // The next one may be let in before the answer is here.
    if (alone) exclusive--
    else counting--
    await endStep(build)
  }))
  expect(violations).toEqual([])
  expect(most).toBe(3)
  expect(await rows('SELECT * FROM locks')).toEqual([])
  expect(await rows('SELECT * FROM lock_claims')).toEqual([])
  expect(await rows('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()')).toEqual([{ deadlocks: 0 }])
})

test('first come, first served, and asking again keeps the place', async () => {
  const [one, two, three, four] = await Promise.all([aBuild(engines[0]!, 'w1'), aBuild(engines[0]!, 'w2'), aBuild(engines[1]!, 'w3'), aBuild(engines[2]!, 'w5')])
  const shared = use('L', 'counting', { maxCount: 2 })
  expect([await take(one, shared), await take(two, use('L', 'exclusive', { maxCount: 2 })), await take(three, shared), await take(four, shared)]).toEqual(['held', 'waiting', 'waiting', 'waiting'])
  expect([await take(one, shared), await take(four, shared), await take(three, shared)]).toEqual(['held', 'waiting', 'waiting'])
  expect(await rows('SELECT 1 FROM lock_claims')).toHaveLength(4)
  await endStep(one)
  expect([await take(four, shared), await take(three, shared), await take(two, shared)]).toEqual(['waiting', 'waiting', 'held'])
  await endStep(two)
  expect([await take(four, shared), await take(three, shared)]).toEqual(['held', 'held'])
})

test('all or nothing', async () => {
  const [one, two, three] = [await aBuild(engines[0]!, 'w1'), await aBuild(engines[1]!, 'w3'), await aBuild(engines[2]!, 'w5')]
  expect([await take(one, use('A', 'counting')), await take(two, use('B', 'counting'), use('A', 'counting')), await take(three, use('B', 'counting'))]).toEqual(['held', 'waiting', 'held'])
  expect(await rows('SELECT build_id, held_at IS NOT NULL AS held FROM lock_claims ORDER BY id')).toEqual([
    { build_id: one.ref.id, held: true }, { build_id: two.ref.id, held: false }, { build_id: two.ref.id, held: false }, { build_id: three.ref.id, held: true }])
})

test('a build holds the locks of its builder; its steps have them; other requests wait without being claimed', async () => {
  const locks = [use('L', 'exclusive')]
  const first = await aBuild(engines[0]!, 'w1', { locks })
  expect(await take(first, use('L', 'counting'))).toBe('held')
  const claims = [await aClaim(engines[1]!, 'w3', { locks }), await aClaim(engines[1]!, 'w4', { builder: 'b2' })]
  const claim = () => transaction(world.db, engines[1]!, tx => claimRequests(tx, engines[1]!.replicaId, claims))
  expect(await claim()).toMatchObject({ builds: [{ requestId: claims[1]!.requestId }], passedOver: [{ requestId: claims[0]!.requestId, waitsFor: 'waits for lock L held by build b1/1' }] })
  const waiting = await aBuild(engines[2]!, 'w5', { builder: 'b3' })
  expect(await take(waiting, use('L', 'counting'))).toBe('waiting')
  await transaction(world.db, first, tx => finishBuilds(tx, [{ buildId: first.ref.id, results: RETRY, stateString: '' }]))
  expect(await take(waiting, use('L', 'counting'))).toBe('held')
  expect(await claim()).toMatchObject({ builds: [], passedOver: [{ waitsFor: 'waits for lock L held by build b3/1 step s' }] })
  await endStep(waiting)
  expect(await claim()).toMatchObject({ builds: [{ requestId: claims[0]!.requestId }], passedOver: [] })
})

test('of two requests in one pass the lock takes one', async () => {
  const locks = [use('L', 'counting')]
  const claims = [await aClaim(engines[0]!, 'w1', { locks }), await aClaim(engines[0]!, 'w2', { locks })]
  expect(await transaction(world.db, engines[0]!, tx => claimRequests(tx, engines[0]!.replicaId, claims))).toMatchObject({ builds: [{}], passedOver: [{ requestId: claims[1]!.requestId }] })
  expect(await rows('SELECT 1 FROM lock_claims')).toHaveLength(1)
})

test('a build that another waits for does not get what that one holds alone', async () => {
  const locks = [use('L', 'exclusive')]
  const parent = await aBuild(engines[0]!, 'w1', { locks })
  const child = await aClaim(engines[1]!, 'w3', { builder: 'b2', locks })
  await rows('UPDATE build_requests SET waited_for = true WHERE id = $1', [child.requestId])
  await rows('UPDATE buildsets SET parent_build_id = $2 WHERE id = $1', [child.buildsetId, parent.ref.id])
  expect(await transaction(world.db, engines[1]!, tx => claimRequests(tx, engines[1]!.replicaId, [child]))).toMatchObject({ builds: [], passedOver: [{ waitsFor: 'waits for lock L held by build b1/1' }] })
})

test('whose session has moved on takes nothing; the build keeps what it holds', async () => {
  const build = await aBuild(engines[0]!, 'w1')
  const other = await anEngine(['w1'])
  expect(await take(build, use('L', 'counting'))).toBe('lost')
  const there = { ...build, replicaId: other.replicaId, session: other.sessions.get('w1')! }
  expect(await take(there, use('L', 'counting'))).toBe('held')
  await transaction(world.db, null, tx => openSession(tx, { workerId: 1, replicaId: engines[2]!.replicaId, processId: 'w1', info: {} }))
  expect(await take(there, use('L', 'counting'))).toBe('lost')
  expect(await rows('SELECT build_id FROM lock_claims WHERE held_at IS NOT NULL')).toEqual([{ build_id: build.ref.id }])
})

test('the newest configuration says how many a lock lets in, and takes nothing away', async () => {
  const [one, two, three] = [await aBuild(engines[0]!, 'w1'), await aBuild(engines[1]!, 'w3'), await aBuild(engines[2]!, 'w5')]
  const old = use('L', 'counting', { maxCount: 1 })
  expect([await take(one, old), await take(two, old)]).toEqual(['held', 'waiting'])
  const locks = [{ name: 'L', scope: 'cluster' as const, maxCount: 2, maxCountForWorker: {}, mode: 'counting' as const, count: 1 }]
  await bringGeneration(world.db, aConfiguration({ workers: WORKERS.map(name => aWorker(name)), builders: [aBuilder('b1', { workers: WORKERS, locks })] }), 'second')
  expect([await take(two, old), await take(three, old)]).toEqual(['held', 'waiting'])
  await bringGeneration(world.db, aConfiguration({ workers: WORKERS.map(name => aWorker(name)), builders: [aBuilder('b1', { workers: WORKERS, locks: [{ ...locks[0]!, maxCount: 1 }] })] }), 'third')
  await endStep(one)
  expect(await take(three, old)).toBe('waiting')
  await endStep(two)
  expect(await take(three, old)).toBe('held')
})
