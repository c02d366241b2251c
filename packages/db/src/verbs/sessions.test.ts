import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { cancelRequest } from '@yardmaster/db/verbs/cancel-request'
import { claimRequests, type Claim } from '@yardmaster/db/verbs/claim-requests'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { finishBuilds } from '@yardmaster/db/verbs/finish-builds'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { pauseWorker } from '@yardmaster/db/verbs/pause-worker'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestStop } from '@yardmaster/db/verbs/stop-build'
import { CANCELLED, RETRY } from '@yardmaster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { until } from '../../../../test/kit/until.js'

let world: Installation
beforeEach(async () => { world = await anInstallation(aConfiguration({ builders: [aBuilder('b', { collapseRequests: false }), aBuilder('c')] })) })
afterEach(() => world.close())

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}
const anEngine = () => transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
const open = async (replicaId: number) => (await transaction(world.db, { replicaId }, tx => openSession(tx, { workerId: 1, replicaId, processId: 'p', info: {} })))!

test('a worker that moves between engines, while one of them dies, causes no deadlock', async () => {
  const [{ before }] = await rows<{ before: number }>('SELECT deadlocks AS before FROM pg_stat_database WHERE datname = current_database()') as [{ before: number }]
  let here = await anEngine()
  for (let round = 0; round < 15; round++) {
    const there = await anEngine()
    const { number } = await open(here)
    await Promise.all([
      open(there),
      transaction(world.db, { replicaId: here }, tx => closeSession(tx, { workerId: 1, number })),
      transaction(world.db, { replicaId: there }, tx => endReplica(tx, { id: here, state: 'dead' })).catch(() => {}),
    ].map(work => Promise.resolve(work).catch((error: unknown) => { if (!(error instanceof Error && error.name === 'ReplicaBuried')) throw error })))
    expect(await rows('SELECT replica_id, connected FROM worker_sessions')).toEqual([{ replica_id: there, connected: true }])
    here = there
  }
  expect(await rows('SELECT deadlocks AS before FROM pg_stat_database WHERE datname = current_database()')).toEqual([{ before }])
})

async function aClaim(builder: string, sessionNumber: number): Promise<Claim> {
  const { buildsetId, requests } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0 }))
  const [{ builderId, requestId }] = requests as [{ builderId: number; requestId: number }]
  return { requestId, builderId, buildsetId, projectId: null, project: null, workerId: 1, sessionNumber, units: 1, generationId: world.generationId, properties: {}, steps: ['s'] }
}

test('a claim is refused for a folder in use, a paused worker and an older session', async () => {
  const replicaId = await anEngine()
  const { number } = await open(replicaId)
  const claimed = async (builder: string, session: number) => {
    const claim = await aClaim(builder, session)
    return (await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, [claim]))).builds.length
  }
  expect(await claimed('b', number)).toBe(1)
  expect(await claimed('b', number)).toBe(0)
  expect(await claimed('c', number - 1)).toBe(0)
  await transaction(world.db, null, tx => pauseWorker(tx, { workerId: 1, reason: null }))
  expect(await claimed('c', number)).toBe(0)
})

test('a build that was asked to stop is not built again, though who ends it had not heard of that', async () => {
  const replicaId = await anEngine()
  const { number } = await open(replicaId)
  const claims = [await aClaim('b', number), await aClaim('c', number)]
  const [stopped, cancelled] = (await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, claims))).builds.map(build => build.buildId) as [number, number]
  await transaction(world.db, null, tx => requestStop(tx, { buildId: stopped, reason: 'enough', actor: 'user:a' }))
  let ending: Promise<unknown> | undefined
  // The end of the build waits for whoever cancels its request.
  await transaction(world.db, null, async tx => {
    await cancelRequest(tx, { requestId: claims[1]!.requestId, reason: 'enough', actor: 'user:a' })
    ending = transaction(world.db, { replicaId }, fenced => finishBuilds(fenced, [stopped, cancelled].map(buildId => ({ buildId, results: RETRY, stateString: 'worker lost' }))))
    await until('the end to wait for the request', async () => (await rows(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).length > 0)
  })
  await ending
  expect(await rows('SELECT results FROM builds ORDER BY id')).toEqual([{ results: CANCELLED }, { results: CANCELLED }])
  expect(await rows('SELECT state, results FROM build_requests ORDER BY id')).toEqual([{ state: 'complete', results: CANCELLED }, { state: 'complete', results: CANCELLED }])
})

test('what a worker says of itself cannot keep the claims of others from being written', async () => {
  const replicaId = await anEngine()
  const { number } = await open(replicaId)
  const claims = [{ ...await aClaim('b', number), properties: { basedir: ['/w\0\ud800', 'Worker'] } satisfies Claim['properties'] }, await aClaim('c', number)]
  await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, claims))
  expect(await rows(`SELECT properties->'basedir'->>0 AS basedir FROM builds ORDER BY id`)).toEqual([{ basedir: '/w\ufffd\ufffd' }, { basedir: null }])
})

test('what a worker holds is counted again by the claim: in one claim, and in one that was decided before another was written', async () => {
  await world.close()
  const names = ['a', 'b', 'c', 'd', 'e']
  world = await anInstallation(aConfiguration({ builders: names.map((name, index) => aBuilder(name, { units: index + 1 })) }))
  const replicaId = await anEngine()
  const { number } = await open(replicaId)
  const claims = await Promise.all(names.map(async (name, index) => ({ ...await aClaim(name, number), units: index + 1 })))
  const claimed = async (limits: string, ...indexes: number[]) => {
    await rows(`UPDATE workers SET ${limits}`)
    const { builds, unfit } = await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, indexes.map(index => claims[index]!)))
    return { won: builds.map(build => claims.findIndex(claim => claim.requestId === build.requestId)).sort(), unfit }
  }
  expect(await claimed('max_builds = 2', 1, 0, 2)).toEqual({ won: [0, 1], unfit: [1] })
  expect(await claimed('max_builds = 2', 2)).toEqual({ won: [], unfit: [1] })
  // a and b take three units.
  expect(await claimed('max_builds = NULL, capacity = 7', 4, 3, 2)).toEqual({ won: [3], unfit: [1, 1] })
  expect(await claimed('capacity = 7', 2)).toEqual({ won: [], unfit: [1] })
  expect(await claimed(`quarantined_until = now() + interval '1 minute', capacity = NULL`, 2)).toEqual({ won: [], unfit: [1] })
  expect(await claimed(`quarantined_until = now() - interval '1 second'`, 2)).toEqual({ won: [2], unfit: [] })
})
