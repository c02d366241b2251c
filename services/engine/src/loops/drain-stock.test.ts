import { transaction } from '@yardmaster/db'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { requestDrain } from '@yardmaster/db/verbs/request-drain'
import { retryLostBuilds } from '@yardmaster/db/verbs/retry-lost-builds'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import type { Link } from '../wire/worker-link.js'
import { ask, startTestEngine, type TestEngine } from '../testing/test-engine.js'
import { Drain } from './drain.js'

let world: Installation
let engine: TestEngine
let drain: Drain
let takesWorkers: boolean

beforeEach(async () => {
  world = await anInstallation(aConfiguration({ builders: [aBuilder('b')] }))
  takesWorkers = true
  engine = await startTestEngine(world, { takesWorkers: () => takesWorkers })
  drain = new Drain({
    db: world.db, fence: engine.fence, clock: systemClock(), logger: createLogger({ name: 'test', level: 'silent' }), lifecycle: { stop: () => {}, orphaned: false },
    pool: engine.pool, runs: engine.runs, deadlineSeconds: undefined,
  })
  await transaction(world.db, null, tx => requestDrain(tx, { replicaId: engine.replicaId, actor: 'user:a', deadlineSeconds: null }))
})
afterEach(async () => {
  await engine.stop()
  await world.close()
})

const nothing = () => {}
const link = (protocol: Link['protocol']): Link => ({ protocol, closed: false, send: nothing, pause: nothing, resume: nothing, watch: nothing, answers: () => Promise.resolve(true), close: nothing, drop: nothing, endOrphans: () => Promise.resolve() })

/** A build that was claimed for the worker; the answer was lost, so nobody drives it. */
async function aBuildOn(protocol: Link['protocol']): Promise<void> {
  await engine.pool.takeIn({ name: 'w1', instanceId: null }, { process: 'p', version: '0', held: [], info: { basedir: '/w', platform: 'linux' } }, link(protocol))
  const requestId = await ask(world, 'b')
  const claim = { requestId, builderId: 1, buildsetId: 1, projectId: null, project: null, workerId: 1, sessionNumber: 1, units: 1, generationId: world.generationId, properties: {}, steps: [] }
  const { builds } = await transaction(world.db, engine.fence, tx => claimRequests(tx, engine.replicaId, [claim]))
  expect(builds).toHaveLength(1)
}
const row = async () => (await world.db.pool.query<{ number: number; replica_id: number | null; failures: number }>('SELECT s.number, s.replica_id, w.failures FROM worker_sessions s JOIN workers w ON w.id = s.worker_id')).rows[0]

test('a stock worker stays until a build is finished of which only its row knows: it is not blamed for the end of its engine', async () => {
  await aBuildOn('msgpack')
  await drain.run()
  await transaction(world.db, engine.fence, tx => retryLostBuilds(tx, { lostAfterSeconds: 600, limit: 10 }))
  expect(await row()).toEqual({ number: 1, replica_id: engine.replicaId, failures: 0 })
  await engine.reconcile()
  await engine.settled()
  await drain.run()
  expect(await row()).toMatchObject({ number: 2, replica_id: null, failures: 0 })
})

test('our own worker takes such a build along', async () => {
  await aBuildOn('yardmaster')
  await drain.run()
  expect(await row()).toEqual({ number: 2, replica_id: null, failures: 0 })
})

test.each([['that works', true, 1], ['that ends', false, 0]])('the connection of a stock worker to an engine %s is lost: it is to blame or not', async (_what, takes, failures) => {
  await aBuildOn('msgpack')
  takesWorkers = takes
  await engine.pool.disconnected(engine.pool.sessions()[0]!)
  expect(await row()).toEqual({ number: 2, replica_id: null, failures })
})
