import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { clearOrphans } from '@yardmaster/db/verbs/clear-orphans'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { loseSession } from '@yardmaster/db/verbs/lose-session'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { retryLostBuilds } from '@yardmaster/db/verbs/retry-lost-builds'
import { CANCELLED, RETRY } from '@yardmaster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'

let world: Installation
let replicaId: number
let number: number
beforeEach(async () => {
  world = await anInstallation(aConfiguration({ builders: [aBuilder('b'), aBuilder('c')] }))
  replicaId = await anEngine()
  number = (await connects('first'))!.number
})
afterEach(() => world.close())

const rows = async <Row extends object>(sql: string) => (await world.db.pool.query<Row>(sql)).rows
const anEngine = () => transaction(world.db, null, tx => registerReplica(tx, { role: 'engine', name: 'e', host: 'h', pid: 1, softwareVersion: '0' }))
const connects = (processId: string, protocol: 'msgpack' | 'yardmaster' = 'msgpack') => transaction(world.db, { replicaId }, tx => openSession(tx, { workerId: 1, replicaId, processId, protocol, info: {} }))

/** A build on the worker, with a command that runs and one that has ended; undefined when nothing may be claimed for it. */
async function aBuild(builder: string, session = number): Promise<number | undefined> {
  const { buildsetId, requests } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: [builder], priority: 0 }))
  const [{ builderId, requestId }] = requests as [{ builderId: number; requestId: number }]
  const claim = { requestId, builderId, buildsetId, projectId: null, project: null, workerId: 1, sessionNumber: session, units: 1, generationId: world.generationId, properties: {}, steps: ['s'] }
  const [build] = (await transaction(world.db, { replicaId }, tx => claimRequests(tx, replicaId, [claim]))).builds
  if (build) {
    await world.db.pool.query(`INSERT INTO effects (build_id, step_number, n, kind, fingerprint, first_line, outcome) VALUES ($1, 0, 1, 'command', '', 0, '"{}"'), ($1, 0, 2, 'command', '', 0, NULL), ($1, 0, 3, 'http', '', 0, NULL)`, [build.buildId])
  }
  return build?.buildId
}
const command = async (build: number) => `${(await rows<{ id: string }>('SELECT id FROM installation'))[0]!.id}/${build}/0/2`
const state = async () => ({
  builds: await rows('SELECT results FROM builds ORDER BY id'),
  requests: (await rows<{ state: string }>('SELECT state FROM build_requests ORDER BY id')).map(row => row.state),
  orphans: (await rows<{ orphans: string[] }>('SELECT orphans FROM worker_sessions'))[0]!.orphans,
})

test.each<[string, () => Promise<unknown>]>([
  ['its connection is lost', () => transaction(world.db, { replicaId }, tx => loseSession(tx, { workerId: 1, number }))],
  ['its engine dies', () => transaction(world.db, null, tx => endReplica(tx, { id: replicaId, state: 'dead' }))],
  ['its engine stops', () => transaction(world.db, null, tx => endReplica(tx, { id: replicaId, state: 'stopped' }))],
  ['its connection was lost, and that could only be half written', async () => {
    await transaction(world.db, { replicaId }, tx => closeSession(tx, { workerId: 1, number }))
    await transaction(world.db, { replicaId }, tx => retryLostBuilds(tx, { lostAfterSeconds: 600, limit: 10 }))
  }],
  ['it connects again before anybody knows', async () => {
    await transaction(world.db, { replicaId }, tx => closeSession(tx, { workerId: 1, number }))
    expect(await connects('second')).toMatchObject({ builds: [] })
  }],
])('a stock worker resumes nothing: %s, and its builds end in the same transaction, with what may be left of them', async (_what, lose) => {
  const [build, stopped] = [(await aBuild('b'))!, (await aBuild('c'))!]
  await world.db.pool.query('UPDATE builds SET stop_requested_at = now() WHERE id = $1', [stopped])
  await lose()
  expect(await state()).toEqual({ builds: [{ results: RETRY }, { results: CANCELLED }], requests: ['pending', 'complete'], orphans: [await command(build), await command(stopped)] })
})

test('nothing is claimed for a worker before what is left there has ended', async () => {
  const build = (await aBuild('b'))!
  await transaction(world.db, { replicaId }, tx => loseSession(tx, { workerId: 1, number }))
  const again = (await connects('second'))!
  expect(again.orphans).toEqual([await command(build)])
  expect(await aBuild('c', again.number)).toBeUndefined()
  expect(await transaction(world.db, { replicaId }, tx => clearOrphans(tx, { workerId: 1, number, commands: again.orphans }))).toBe(false)
  expect(await aBuild('c', again.number)).toBeUndefined()
  await transaction(world.db, { replicaId }, tx => clearOrphans(tx, { workerId: 1, number: again.number, commands: again.orphans }))
  expect(await aBuild('c', again.number)).toBeDefined()
})

test('a lost connection that is not the newest any more ends nothing', async () => {
  await transaction(world.db, { replicaId }, tx => closeSession(tx, { workerId: 1, number }))
  const { number: newest } = (await connects('second'))!
  await aBuild('b', newest)
  expect(await transaction(world.db, { replicaId }, tx => loseSession(tx, { workerId: 1, number }))).toBe(false)
  expect(await state()).toMatchObject({ builds: [{ results: null }], orphans: [] })
})

test('a stock process that connects again before its end was seen is at once taken in, without blame, and is still to go if it was', async () => {
  const engine2 = await anEngine()
  const build = (await aBuild('b'))!
  await world.db.pool.query('UPDATE workers SET graceful = true')
  const again = await transaction(world.db, { replicaId: engine2 }, tx => openSession(tx, { workerId: 1, replicaId: engine2, processId: 'first', protocol: 'msgpack', info: {} }))
  expect(again).toEqual({ number: number + 1, builds: [], instanceId: null, orphans: [await command(build)] })
  expect(await rows('SELECT graceful, failures FROM workers')).toEqual([{ graceful: true, failures: 0 }])
})
