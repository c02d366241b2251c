import { createHash } from 'node:crypto'
import { transaction } from '@yardmaster/db'
import { condemnInstance } from '@yardmaster/db/verbs/condemn-instance'
import { endReplica } from '@yardmaster/db/verbs/end-replica'
import { ProviderError } from '@yardmaster/providers'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../../test/kit/until.js'
import { LedgerWorld, type LedgerRow, type TestProvisioner } from './testing/ledger-world.js'

const clock = systemClock()
let world: LedgerWorld
let provisioner: TestProvisioner
beforeEach(async () => {
  world = await LedgerWorld.start()
  provisioner = await world.provisioner()
})
afterEach(() => world.close())

const one = async () => (await world.ledger())[0]!
const row = (what: string, holds: (row: LedgerRow) => boolean) => until(what, async () => { const found = await one(); return holds(found) && found })
const condemn = (id: number) => transaction(world.installation.db, null, tx => condemnInstance(tx, { instanceId: id, reason: 'test', building: 'leave' }))
/** Looks until it holds: as the loop does. */
const lookUntil = (what: string, holds: (rows: LedgerRow[]) => boolean) => until(what, async () => { await provisioner.look(); await provisioner.judge(); return holds(await world.ledger()) })

test('a machine is made, watched and removed; its password is known to itself alone', async () => {
  const [id] = await world.want('p-1')
  const made = await row('a machine', found => found.external_id !== null)
  const [request] = world.cloud.requests
  expect(request).toMatchObject({ label: { installation: world.id, worker: 'p-1', attempt: 1 }, worker: { name: 'p-1', engines: ['ws://engine:9989'] }, options: { script: `join ws://engine:9989 as p-1 with ${request!.worker.password}` } })
  expect(made.password_hash).toBe(createHash('sha256').update(request!.worker.password).digest('hex'))
  expect(made).toMatchObject({ observed: 'starting', desired: 'running', operation: null, fingerprint: null, options: { script: { $parts: ['join ', { worker: 'engine' }, ' as ', { worker: 'name' }, ' with ', { worker: 'password' }] } } })
  world.cloud.machines.get(made.external_id!)!.state = 'running'
  await provisioner.look()
  expect(await one()).toMatchObject({ observed: 'running' })
  expect(await condemn(id!)).toBe('condemned')
  provisioner.deps.advance()
  expect(await row('it to be gone', found => found.gone)).toMatchObject({ observed: 'absent', holds_slot: false, desired: 'gone' })
  expect(world.cloud.machines.size).toBe(0)
  expect(JSON.stringify([await world.rows('SELECT * FROM instances'), await world.rows('SELECT * FROM outbox'), provisioner.lines])).not.toContain(request!.worker.password)
})

test('an answer that was lost: the machine is found by its label, and nobody asks for another', async () => {
  world.cloud.fail({ call: 'create', done: true })
  await world.want('p-1')
  await row('doubt', found => found.unsure)
  expect(await world.want('p-1')).toEqual([])
  await provisioner.look()
  expect(await one()).toMatchObject({ unsure: false, external_id: 'm1', desired: 'running', observed: 'starting', holds_slot: true })
  expect(world.cloud.requests).toHaveLength(1)
})

test('an answer that was lost, and lists that lag: it is found once they have it', async () => {
  world.cloud.fail({ call: 'create', done: true })
  world.cloud.unlisted.add('m1')
  await world.want('p-1')
  await row('doubt', found => found.unsure)
  await provisioner.look()
  expect(await one()).toMatchObject({ unsure: true, gone: false })
  world.cloud.unlisted.clear()
  await provisioner.look()
  expect(await one()).toMatchObject({ external_id: 'm1', desired: 'running' })
})

test('a request that was lost: once it cannot turn up any more, its place is free for the next attempt', async () => {
  world.cloud.fail({ call: 'create', done: false })
  await world.want('p-1')
  await row('doubt', found => found.unsure)
  await provisioner.look()
  expect(await one()).toMatchObject({ gone: false, holds_slot: true })
  await lookUntil('it to be given up', ([found]) => found!.gone)
  expect(await one()).toMatchObject({ desired: 'gone', holds_slot: false, end_reason: 'no trace of it' })
  expect(await world.want('p-1')).toHaveLength(1)
  await until('another', () => world.cloud.machines.size === 1)
  expect(world.cloud.requests.map(({ label }) => label.attempt)).toEqual([1, 2])
})

test('nothing is concluded from an account that does not answer', async () => {
  world.cloud.fail({ call: 'create', done: true })
  await world.want('p-1')
  await row('doubt', found => found.unsure)
  await clock.sleep(500)
  world.cloud.fail({ call: 'list', error: new Error('503') })
  await expect(provisioner.look()).rejects.toThrow('503')
  expect(await one()).toMatchObject({ unsure: true, gone: false })
})

test.each([
  ['elsewhere', { failures: 0, alert: null, backing: false }], ['configuration', { failures: 0, alert: null, backing: false }],
  ['backoff', { failures: 1, alert: null, backing: true }], ['alert', { failures: 0, alert: 'NO: refused', backing: false }],
] as const)('refused, class %s: the place is free at once, and what was made all the same is removed', async (failureClass, pool) => {
  world.cloud.fail({ call: 'create', done: true, error: new ProviderError('refused', { failureClass, code: 'NO' }) })
  await world.want('p-1')
  expect(await row('a refusal', found => found.failure !== null)).toMatchObject({ desired: 'gone', holds_slot: false, gone: false, failure_class: failureClass, failure: 'NO: refused', operation: null })
  expect(await world.rows('SELECT failures, alert, coalesce(backoff_until > now(), false) AS backing FROM worker_pools')).toEqual([pool])
  await lookUntil('it to be removed', ([found]) => found!.gone)
  expect(world.cloud.machines.size).toBe(0)
  expect(world.cloud.removals).toEqual(['m1'])
})

test('a refusal that was true is over when nothing has turned up', async () => {
  world.cloud.fail({ call: 'create', error: new ProviderError('refused', { failureClass: 'elsewhere' }) })
  await world.want('p-1')
  await lookUntil('it to be over', ([found]) => found!.gone)
  expect(await one()).toMatchObject({ end_reason: 'refused', failure: 'refused' })
})

test('refused for now: asked again, with another password', async () => {
  world.cloud.fail({ call: 'create', error: new ProviderError('429', { failureClass: 'retry' }) })
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  expect(new Set(world.cloud.requests.map(({ worker }) => worker.password)).size).toBe(2)
  expect((await one()).password_hash).toBe(createHash('sha256').update(world.cloud.requests[1]!.worker.password).digest('hex'))
})

test('what a replica was creating when it died is in doubt, and its successor finds it', async () => {
  let answer = () => {}
  world.cloud.fail({ call: 'create', done: true, until: new Promise<void>(resolve => { answer = resolve }) })
  await world.want('p-1')
  await until('it to be asked', () => world.cloud.requests.length === 1)
  const successor = await world.provisioner()
  await successor.look()
  // Its answer may still come.
  expect(await one()).toMatchObject({ operation: 'create', external_id: null })
  await transaction(world.installation.db, null, tx => endReplica(tx, { id: provisioner.deps.replicaId, state: 'dead' }))
  expect(await one()).toMatchObject({ operation: null, unsure: true })
  await successor.look()
  expect(await one()).toMatchObject({ external_id: 'm1', unsure: false, desired: 'running' })
  answer()
})

test('a process that is told to stop waits for what it asked, and writes it down; it asks for nothing more', async () => {
  let answer = () => {}
  world.cloud.fail({ call: 'create', done: true, error: null, until: new Promise<void>(resolve => { answer = resolve }) })
  await world.want('p-1')
  await until('it to be asked', () => world.cloud.requests.length === 1)
  const stopped = provisioner.stop()
  await world.want('p-2')
  answer()
  await stopped
  expect(await world.ledger()).toMatchObject([{ external_id: 'm1', operation: null, unsure: false }, { external_id: null, operation: null, unsure: false }])
})

test('a removal that fails is tried until nothing is left', async () => {
  const [id] = await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  world.cloud.fail({ call: 'remove', error: new ProviderError('is in maintenance', { failureClass: 'retry', code: 'SERVER_STATE_ILLEGAL' }) })
  await condemn(id!)
  provisioner.deps.advance()
  expect(await row('a failure', found => found.failure !== null)).toMatchObject({ gone: false, holds_slot: true, failure: 'SERVER_STATE_ILLEGAL: is in maintenance' })
  await row('it to be gone', found => found.gone)
  expect(world.cloud.machines.size).toBe(0)
})

test('a machine that turns up when its row is over is written down again and removed', async () => {
  world.cloud.fail({ call: 'create', done: true })
  world.cloud.unlisted.add('m1')
  await world.want('p-1')
  await lookUntil('it to be given up', ([found]) => found!.gone)
  world.cloud.unlisted.clear()
  await lookUntil('it to be removed', ([found]) => found!.gone && world.cloud.machines.size === 0)
  expect(await world.ledger()).toHaveLength(1)
  expect(await one()).toMatchObject({ end_reason: 'it turned up after it had been given up', external_id: 'm1' })
})

test('a second machine of one label is removed, the first stays', async () => {
  await world.want('p-1')
  const { external_id: first } = await row('a machine', found => found.external_id !== null)
  const second = world.cloud.put({ installation: world.id, worker: 'p-1', attempt: 1 })
  await lookUntil('it to be removed', rows => rows.some(found => found.external_id === second.id && found.gone))
  expect([...world.cloud.machines.keys()]).toEqual([first])
  expect((await world.ledger()).map(({ attempt, desired, gone }) => ({ attempt, desired, gone }))).toEqual([{ attempt: 1, desired: 'running', gone: false }, { attempt: 2, desired: 'gone', gone: true }])
})

test('a machine under our label of a worker that nobody knows is removed; those of others are not touched, nor what they left', async () => {
  const other = world.cloud.put({ installation: 'another', worker: 'p-1', attempt: 1 })
  world.cloud.leftovers.set('disk-other', { id: 'disk-other', kind: 'storage', label: other.label, createdAt: null })
  world.cloud.leftovers.set('disk', { id: 'disk', kind: 'storage', label: { installation: world.id, worker: 'p-2', attempt: 7 }, createdAt: null })
  world.cloud.put({ installation: world.id, worker: 'forgotten', attempt: 3 })
  await lookUntil('ours to be removed', rows => rows[0]?.gone === true && !world.cloud.leftovers.has('disk'))
  expect([...world.cloud.machines.keys()]).toEqual([other.id])
  expect([...world.cloud.leftovers.keys()]).toEqual(['disk-other'])
})

test('what belongs to a machine that is wanted is not left over', async () => {
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  world.cloud.leftovers.set('disk', { id: 'disk', kind: 'storage', label: { installation: world.id, worker: 'p-1', attempt: 1 }, createdAt: null })
  for (let n = 0; n < 5; n++) { await provisioner.look(); await clock.sleep(100) }
  expect(world.cloud.leftovers.size).toBe(1)
})

test('a machine that is gone though it is wanted is given up, and its pool pauses when that goes on', async () => {
  for (let n = 0; n < 3; n++) {
    await world.want('p-1')
    const made = await until('a machine', async () => (await world.ledger()).find(found => !found.gone && found.external_id !== null))
    world.cloud.machines.delete(made.external_id!)
    await provisioner.look()
    await world.rows(`UPDATE instances SET observed_at = now() - interval '5 s' WHERE observed = 'absent'`)
    await lookUntil('it to be given up', rows => rows.at(-1)!.desired === 'gone')
    provisioner.deps.advance()
    await until('it to be over', async () => (await world.ledger()).at(-1)!.gone)
  }
  expect(await one()).toMatchObject({ failure: 'the machine is not there any more before its worker connected', failure_class: 'retry' })
  expect(await world.rows('SELECT failures, backoff_until > now() AS backing FROM worker_pools')).toEqual([{ failures: 3, backing: true }])
})

test('a pool whose machines failed is forgiven when the worker of a later one connects and stays', async () => {
  await world.rows(`UPDATE worker_pools SET failures = 3, backoff_until = now() + interval '1 minute', backoff_reason = 'test'`)
  await provisioner.judge()
  expect(await world.rows('SELECT failures FROM worker_pools')).toEqual([{ failures: 3 }])
  await world.rows(`UPDATE worker_pools SET backoff_until = NULL`)
  await world.want('p-1')
  await world.rows(`UPDATE instances SET connected_at = now() - interval '121 s'`)
  await provisioner.judge()
  expect(await world.rows('SELECT failures FROM worker_pools')).toEqual([{ failures: 3 }])
  await world.rows('UPDATE worker_sessions SET instance_id = i.id, connected = true FROM instances i WHERE i.worker_id = worker_sessions.worker_id')
  await provisioner.judge()
  expect(await world.rows('SELECT failures, backoff_until, backoff_reason FROM worker_pools')).toEqual([{ failures: 0, backoff_until: null, backoff_reason: null }])
})

test('a worker that does not connect in time: its machine is removed', async () => {
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  await world.rows(`UPDATE instances SET requested_at = now() - interval '21 minutes'`)
  await provisioner.judge()
  // While no engine lives that could take it, nobody waits: this one has lived for a moment.
  expect(await one()).toMatchObject({ desired: 'running' })
  await world.rows(`UPDATE replicas SET started_at = now() - interval '21 minutes'`)
  await provisioner.judge()
  expect(await row('it to be gone', found => found.gone)).toMatchObject({ failure: 'its worker did not connect within 1200 s' })
})

test('a machine that cannot be removed for long gives its place away, and is still tried', async () => {
  const [id] = await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  world.cloud.fail({ call: 'remove', error: new ProviderError('stuck', { failureClass: 'retry' }), times: 2 })
  await condemn(id!)
  await world.rows(`UPDATE instances SET condemned_at = now() - interval '11 minutes'`)
  await provisioner.judge()
  expect(await one()).toMatchObject({ holds_slot: false, gone: false })
  expect(provisioner.lines.join('')).toContain('it is still tried')
  expect(await world.want('p-1')).toHaveLength(1)
  await until('the first to be gone', async () => (await one()).gone)
})

test('options that cannot be rendered are told of, and nothing is asked for', async () => {
  world.pool.provider.machine['script'] = { $fn: 'pools.p.machine.script' }
  await world.want('p-1')
  expect(await row('a failure', found => found.failure !== null)).toMatchObject({ desired: 'gone', failure_class: 'configuration', holds_slot: false })
  expect(world.cloud.requests).toEqual([])
})

test('an account that lets nobody in any more stops its pools, and is told of once', async () => {
  const refused = new ProviderError('Authentication failed', { failureClass: 'alert', code: 'AUTHENTICATION_FAILED' })
  world.cloud.fail({ call: 'list', error: refused, times: 2 })
  await provisioner.observe()
  await until('the alert', async () => (await world.rows<{ alert: string | null }>('SELECT alert FROM worker_pools'))[0]!.alert !== null)
  expect(await world.rows('SELECT alert FROM worker_pools')).toEqual([{ alert: 'AUTHENTICATION_FAILED: Authentication failed' }])
  expect(provisioner.lines.filter(line => line.includes('could not be looked at'))).toHaveLength(1)
})

test('machines reach engines where the pool says; where nobody says, none is made, and why is told', async () => {
  world.pool.engineUrl = 'wss://yard.example.org/workers'
  await world.want('p-1')
  await row('a machine', found => found.external_id !== null)
  expect(world.cloud.requests[0]!.worker.engines).toEqual(['wss://yard.example.org/workers'])
  world.pool.engineUrl = null
  await world.rows(`UPDATE replicas SET worker_url = NULL`)
  await world.want('p-2')
  await until('a failure', async () => (await world.ledger())[1]!.failure !== null)
  expect((await world.ledger())[1]).toMatchObject({ desired: 'running', external_id: null, unsure: false, failure_class: 'retry', failure: expect.stringContaining('set YARD_WORKER_URL') })
  expect(world.cloud.requests).toHaveLength(1)
})

test('two replicas at once: each machine is asked for once', async () => {
  await world.provisioner()
  await world.want('p-1', 'p-2', 'p-3')
  await until('three machines', () => world.cloud.machines.size === 3)
  expect(world.cloud.requests).toHaveLength(3)
})
