import { transaction, type Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { claimRequests } from '@yardmaster/db/verbs/claim-requests'
import { condemnInstance, type Condemning } from '@yardmaster/db/verbs/condemn-instance'
import { openSession } from '@yardmaster/db/verbs/open-session'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestInstances, type InstanceWanted } from '@yardmaster/db/verbs/request-instances'
import { poolDefaults, RETRY, type PoolConfig } from '@yardmaster/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'

const slots = ['p-1', 'p-2', 'p-3']
const pool: PoolConfig = { ...poolDefaults, name: 'p', workers: slots, max: 3, provider: { kind: 'process', account: {}, machine: {} } }

let world: Installation
let replica: number
let engine: number
beforeEach(async () => {
  world = await anInstallation(aConfiguration({
    workers: slots.map(name => aWorker(name, { pool: 'p', password: null })), pools: [pool], builders: [aBuilder('b', { workers: slots, collapseRequests: false })],
  }))
  const register = (role: string) => transaction(world.db, null, tx => registerReplica(tx, { role, name: role, host: 'h', pid: 1, softwareVersion: '0' }))
  replica = await register('latent-worker-provisioner')
  engine = await register('engine')
})
afterEach(() => world.close())

const provisioner = <T>(work: (tx: Transaction) => Promise<T>) => transaction(world.db, { replicaId: replica }, work)
const wanted = (workerId: number, more: Partial<InstanceWanted> = {}): InstanceWanted =>
  ({ poolId: 1, workerId, provider: 'process', generationId: world.generationId, fingerprint: null, requestId: null, zone: null, plan: null, price: null, reason: 'a test', ...more })
const start = (newest: number, ...rows: InstanceWanted[]) => provisioner(tx => requestInstances(tx, { set: 'main', newest, wanted: rows }))
const condemn = (instanceId: number, how: Partial<Condemning> = {}) => provisioner(tx => condemnInstance(tx, { instanceId, reason: 'it was idle', building: 'leave', ...how }))
const sql = async <Row extends object>(text: string) => (await world.db.pool.query<Row>(text)).rows

async function ask(): Promise<number> {
  const { requests: [request] } = await transaction(world.db, null, tx => addBuildset(tx, {
    reason: 'r', scheduler: null, actor: 'user:a', generationId: world.generationId, properties: {}, sourcestamps: [], builderNames: ['b'], priority: 0 }))
  return request!.requestId
}
const opened = async (workerId: number) => (await transaction(world.db, { replicaId: engine }, tx => openSession(tx, { workerId, replicaId: engine, processId: `p${workerId}`, info: {} })))!.number
const claim = (requestId: number, workerId: number, sessionNumber: number) => (tx: Transaction) => claimRequests(tx, engine, [{
  requestId, builderId: 1, buildsetId: requestId, projectId: null, project: null, workerId, sessionNumber, units: 1, generationId: world.generationId, properties: {}, steps: ['s'] }])

test('machines are written down once for each slot, attempts counted, by who knew of all that there are', async () => {
  expect(await start(0, wanted(1), wanted(2))).toEqual({ created: [{ id: 1, workerId: 1 }, { id: 2, workerId: 2 }], stale: false })
  expect(await start(0, wanted(3))).toEqual({ created: [], stale: true })
  expect((await start(2, wanted(1), wanted(3))).created.map(({ workerId }) => workerId)).toEqual([3])
  await world.db.pool.query(`UPDATE instances SET holds_slot = false, desired = 'gone', gone_at = now() WHERE worker_id = 1`)
  const [newest] = await sql<{ id: number }>('SELECT max(id) AS id FROM instances')
  await start(newest!.id, wanted(1, { price: { perHour: 0.5, currency: 'EUR', period: 3600 } }))
  expect(await sql('SELECT attempt, holds_slot, price_per_hour AS price FROM instances WHERE worker_id = 1 ORDER BY attempt')).toEqual([
    { attempt: 1, holds_slot: false, price: null }, { attempt: 2, holds_slot: true, price: 0.5 }])
})

test.each(['paused = true', `alert = 'no credits'`, `backoff_until = now() + interval '1 min'`, 'active = false'])('nothing is started in a pool with %s', async state => {
  await world.db.pool.query(`UPDATE worker_pools SET ${state}`)
  expect(await start(0, wanted(1))).toEqual({ created: [], stale: false })
})

test('nothing is started for a request that is not pending any more', async () => {
  const request = await ask()
  await start(0, wanted(2))
  await transaction(world.db, { replicaId: engine }, claim(request, 2, await opened(2)))
  expect(await start(1, wanted(1, { requestId: request }))).toEqual({ created: [], stale: false })
})

test('two that plan at once for the same builds start what one of them planned', async () => {
  const outcomes = await Promise.all([start(0, wanted(1), wanted(2)), start(0, wanted(2), wanted(3))])
  expect(outcomes.filter(({ stale }) => stale)).toHaveLength(1)
  expect(await sql('SELECT id FROM instances')).toHaveLength(2)
})

test('a machine with a build is not taken, unless its builds are to be built again; then its session is over with it', async () => {
  await start(0, wanted(1))
  const request = await ask()
  await transaction(world.db, { replicaId: engine }, claim(request, 1, await opened(1)))
  expect(await condemn(1)).toBe('building')
  expect(await condemn(1, { building: 'retire' })).toBe('retiring')
  expect(await sql('SELECT desired, retire_reason FROM instances')).toEqual([{ desired: 'running', retire_reason: 'it was idle' }])
  expect(await condemn(1, { building: 'retry', reason: 'the day’s cap is reached', failure: { class: 'retry', message: 'it died' } })).toBe('condemned')
  expect(await sql('SELECT results, state_string FROM builds')).toEqual([{ results: RETRY, state_string: 'the day’s cap is reached' }])
  expect(await sql('SELECT state FROM build_requests')).toEqual([{ state: 'pending' }])
  expect(await sql('SELECT connected, replica_id FROM worker_sessions WHERE worker_id = 1')).toEqual([{ connected: false, replica_id: null }])
  expect(await sql('SELECT failures FROM workers WHERE id = 1')).toEqual([{ failures: 0 }])
  expect(await condemn(1)).toBe('unwanted')
  expect(await condemn(77)).toBe('unwanted')
})

test('a machine that was given a build since it was looked at is kept', async () => {
  await start(0, wanted(1))
  await world.db.pool.query('UPDATE instances SET uses = 3')
  expect(await condemn(1, { uses: 2 })).toBe('used')
  expect(await condemn(1, { uses: 3 })).toBe('condemned')
})

test('of a claim and a condemnation at the same moment one wins: a machine that goes has no build', async () => {
  await start(0, ...[1, 2, 3].map(workerId => wanted(workerId)))
  const sessions = [await opened(1), await opened(2), await opened(3)]
  for (let round = 0; round < 10; round++) {
    const request = await ask()
    const worker = round % 3
    await Promise.all([
      transaction(world.db, { replicaId: engine }, claim(request, worker + 1, sessions[worker]!)), condemn(worker + 1),
    ])
    const torn = await sql(`SELECT 1 FROM builds b JOIN instances i ON i.worker_id = b.worker_id WHERE b.complete_at IS NULL AND i.desired = 'gone'`)
    expect(torn).toEqual([])
    await world.db.pool.query(`UPDATE builds SET complete_at = now()`)
    await world.db.pool.query(`UPDATE instances SET desired = 'running'`)
    sessions[worker] = await opened(worker + 1)
  }
})

test('a claim asks under its lock whether the machine was made for such a build, and has uses left', async () => {
  await start(0, wanted(1, { fingerprint: 'small' }))
  const session = await opened(1)
  const claimed = async (fingerprint: string | null, machine: { maxUses: number | null; maxAge: number | null } = { maxUses: null, maxAge: null }) => {
    const requestId = await ask()
    if (fingerprint) await world.db.pool.query('INSERT INTO request_machines (request_id, pool_id, generation_id, fingerprint) VALUES ($1, 1, $2, $3)', [requestId, world.generationId, fingerprint])
    const { builds } = await transaction(world.db, { replicaId: engine }, tx => claimRequests(tx, engine, [{
      requestId, builderId: 1, buildsetId: requestId, projectId: null, project: null, workerId: 1, sessionNumber: session, units: 1, generationId: world.generationId, properties: {}, steps: [], machine }]))
    await world.db.pool.query('UPDATE builds SET complete_at = now()')
    return builds.length
  }
  expect([await claimed(null), await claimed('large'), await claimed('small')]).toEqual([0, 0, 1])
  expect(await sql('SELECT b.instance_id, i.uses, i.idle_since FROM builds b JOIN instances i ON i.id = b.instance_id')).toEqual([{ instance_id: 1, uses: 1, idle_since: null }])
  expect([await claimed('small', { maxUses: 1, maxAge: null }), await claimed('small', { maxUses: 2, maxAge: 0 }), await claimed('small', { maxUses: 2, maxAge: 60 })]).toEqual([0, 0, 1])
  await world.db.pool.query(`UPDATE instances SET desired = 'gone'`)
  expect(await claimed('small')).toBe(0)
})

test('a request is claimed also while a machine is being written down for it', async () => {
  const request = await ask()
  await start(0, wanted(1))
  const session = await opened(1)
  const other = await world.db.pool.connect()
  try {
    await other.query('BEGIN')
    // As a row that refers to it holds it.
    await other.query('SELECT 1 FROM build_requests WHERE id = $1 FOR KEY SHARE', [request])
    expect((await transaction(world.db, { replicaId: engine }, claim(request, 1, session))).builds).toHaveLength(1)
  } finally {
    await other.query('ROLLBACK')
    other.release()
  }
})
