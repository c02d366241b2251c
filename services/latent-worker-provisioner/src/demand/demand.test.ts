import { systemClock } from '@yardmaster/runtime'
import { afterEach, expect, test } from 'vitest'
import { DemandWorld } from '../testing/demand-world.js'
import { Stalls } from './stalls.js'

let world: DemandWorld | null = null
afterEach(async () => { await world?.close(); world = null })

const pool = (more = '', machine = '') => `workers.pool({ name: 'p', max: 4, provider: providers.process({ ${machine} }), ${more} })`
const builder = (name: string, more = '', workersOf = `['p']`) => `{ name: '${name}', workers: ${workersOf}, collapseRequests: false, steps: [steps.shell({ command: 'true' })], ${more} }`
const config = (pools: string, ...builders: string[]) => `export default defineConfig({ workers: [${pools}], builders: [${builders.join(', ')}] })`

test('two provisioners that plan at the same moments start one machine for each build, and no more than there are slots', async () => {
  world = await DemandWorld.start(config(pool('maxBuilds: 1'), builder('a'), builder('b')))
  const both = [await world.provisioner(), await world.provisioner()]
  await world.ask('a')
  await Promise.all(both.map(one => one.demand()))
  expect(await world.instances()).toMatchObject([{ worker: 'p-1', request_id: 1, desired: 'running' }])
  for (let n = 0; n < 5; n++) await world.ask(n % 2 ? 'a' : 'b')
  await Promise.all(both.map(one => one.demand()))
  expect((await world.instances()).map(row => row.worker)).toEqual(['p-1', 'p-2', 'p-3', 'p-4'])
})

test('machines are for builds whose options are theirs; options that cannot be rendered are told, and start nothing', async () => {
  world = await DemandWorld.start(config(pool('maxBuilds: 1', `env: { TARGET: input => { if (input.property('target') === 'bad') throw new Error('no such target'); return input.property('target') } }`), builder('a')))
  const one = await world.provisioner()
  for (const target of ['arm', 'bad', 'arm', 'x86']) await world.ask('a', { target })
  await one.demand()
  const known = await world.rows<{ request_id: number; fingerprint: string | null; problem: string | null }>('SELECT request_id, fingerprint, problem FROM request_machines ORDER BY request_id')
  expect(known.map(({ fingerprint, problem }) => [fingerprint !== null, problem])).toEqual([[true, null], [false, expect.stringContaining('no such target')], [true, null], [true, null]])
  expect(known[0]!.fingerprint).toBe(known[2]!.fingerprint)
  expect((await world.instances()).map(row => [row.request_id, row.fingerprint])).toEqual([1, 3, 4].map(id => [id, known[id - 1]!.fingerprint]))
})

test('of builds whose lock is said by a function one has a machine, and the others wait for the lock', async () => {
  world = await DemandWorld.start(config(pool(), builder('a', `locks: input => [util.masterLock('db ' + input.property('db')).access('exclusive')]`)))
  const one = await world.provisioner()
  for (const db of ['x', 'x', 'y', 'x']) await world.ask('a', { db })
  await one.demand()
  await one.demand()
  expect((await world.instances()).map(row => row.request_id)).toEqual([1, 3])
})

test('a daily cap is kept when many wait; what is not within it goes to the next pool, and without a price nothing is started', async () => {
  world = await DemandWorld.start(config(`${pool('dailyCap: { amount: 2 }')}, workers.pool({ name: 'q', max: 4, provider: providers.process() })`, builder('a', '', `['p', 'q']`)))
  const one = await world.provisioner()
  world.price = new Error('not now')
  await world.ask('a')
  await one.demand()
  expect((await world.instances()).map(row => row.worker)).toEqual(['q-1'])
  world.price = { perHour: 1, currency: 'EUR', period: 3600 }
  for (let n = 0; n < 3; n++) await world.ask('a')
  // Prices that could not be told are asked for again later: another process asks at once.
  await (await world.provisioner()).demand()
  expect((await world.instances()).map(row => [row.worker, row.price])).toEqual([['q-1', null], ['p-1', 1], ['p-2', 1], ['q-2', 1]])
  await world.rows(`UPDATE instances SET observed = 'running'`)
  await (await world.provisioner()).demand()
  expect((await world.instances()).map(row => row.price)).toEqual([1, 1, 1, 1])
})

/** Days of it do not end while the test runs. */
const farFromMidnight = Math.floor(systemClock().now() / 3_600_000) % 24 === 23 ? 'Etc/GMT+6' : 'UTC'

test.each([
  ['retry', { desired: 'gone', results: 5, requests: 'pending' }], ['finish', { desired: 'running', results: null, requests: 'claimed' }],
])('just before a period that is not within the cap begins, running builds: %s', async (running, expected) => {
  world = await DemandWorld.start(config(pool(`dailyCap: { amount: 1.5, running: '${running}', timeZone: '${farFromMidnight}' }`), builder('a')))
  const one = await world.provisioner()
  world.price = { perHour: 1, currency: 'EUR', period: 3600 }
  const request = await world.ask('a')
  await one.demand()
  await world.build(request, 1)
  await world.rows(`UPDATE instances SET created_at = now() - interval '1 s', billing_period = 60, price_per_hour = 60`)
  await one.scaleIn()
  const reason = 'the next period that is paid is not within the daily cap of pool p (1.5)'
  expect(await world.instances()).toMatchObject([running === 'retry' ? { desired: 'gone', end_reason: reason } : { desired: 'running', retire_reason: reason }])
  expect(await world.rows('SELECT b.results, r.state AS requests, i.desired FROM builds b JOIN build_requests r ON r.id = b.build_request_id JOIN instances i ON i.id = b.instance_id')).toEqual([expected])
  await one.demand()
  expect(await world.instances()).toHaveLength(1)
})

test('where there was no room the next zone is tried', async () => {
  world = await DemandWorld.start(config(pool(`zones: ['de', 'fi']`), builder('a')))
  const one = await world.provisioner()
  await world.ask('a')
  await one.demand()
  await world.rows(`UPDATE instances SET desired = 'gone', holds_slot = false, gone_at = now(), condemned_at = now(), failure_class = 'elsewhere'`)
  await one.demand()
  expect((await world.instances()).map(row => row.zone)).toEqual(['de', 'fi'])
})

test('when the options change, idle machines go and building ones get no further build; when only something else changes, they stay', async () => {
  world = await DemandWorld.start(config(pool(`warm: 1`, `env: { A: '1' }`), builder('a')))
  const one = await world.provisioner()
  await one.demand()
  await world.configure(config(pool(`warm: 1`, `env: { A: '1' }`), builder('renamed')))
  await one.scaleIn()
  expect((await world.instances()).map(row => row.desired)).toEqual(['running'])
  await world.configure(config(pool(`warm: 1`, `env: { A: '2' }`), builder('a')))
  await one.scaleIn()
  await one.demand()
  expect((await world.instances()).map(row => [row.worker, row.desired, row.end_reason])).toEqual([['p-1', 'gone', 'pool p has other options now'], ['p-2', 'running', null]])
  await world.configure(config(`workers.worker({ name: 'w', password: 'p' })`, builder('a', '', `['w']`)))
  await one.scaleIn()
  expect((await world.instances()).map(row => row.end_reason)).toEqual(['pool p has other options now', 'pool p is not in the configuration any more'])
})

test('a machine that its worker has left goes, but not for an absence of the engines', async () => {
  world = await DemandWorld.start(config(pool('min: 1'), builder('a')))
  const one = await world.provisioner()
  await one.demand()
  await world.rows(`UPDATE instances SET observed = 'running', connected_at = now() - interval '10 min'`)
  await world.rows(`UPDATE worker_sessions SET instance_id = 1, connected = false, disconnected_at = now() - interval '5 min' WHERE worker_id = 1`)
  await world.rows(`UPDATE replicas SET state = 'dead' WHERE role = 'engine'`)
  const desired = async () => { await one.scaleIn(); return (await world!.instances()).map(row => row.desired) }
  expect(await desired()).toEqual(['running'])
  await world.rows(`UPDATE replicas SET state = 'alive', drain_requested_at = now(), started_at = now() - interval '1 hour' WHERE role = 'engine'`)
  expect(await desired()).toEqual(['running'])
  await world.rows(`UPDATE replicas SET sets = '{other}', drain_requested_at = NULL WHERE role = 'engine'`)
  expect(await desired()).toEqual(['running'])
  await world.rows(`UPDATE replicas SET sets = '{main}', started_at = now() - interval '30 s' WHERE role = 'engine'`)
  expect(await desired()).toEqual(['running'])
  await world.rows(`UPDATE replicas SET started_at = now() - interval '90 s' WHERE role = 'engine'`)
  expect(await desired()).toEqual(['gone'])
})

test('a request that nobody gives to a free worker is not counted on there for a while', () => {
  const state = { now: 0 }
  const stalls = new Stalls({ monotonic: () => state.now })
  const at = (seconds: number, ready: [number, string][]) => {
    state.now = seconds * 1000
    stalls.note(new Map(ready), [{ id: 1 }, { id: 2 }])
    return [...stalls.refusedOf(1)]
  }
  expect(at(0, [[1, 'pool 1']])).toEqual([])
  expect(at(29, [[1, 'pool 1']])).toEqual([])
  // Another worker: anew.
  expect(at(30, [[1, 'worker w']])).toEqual([])
  expect(at(59, [[1, 'worker w']])).toEqual([])
  expect(at(60, [[1, 'worker w'], [2, 'pool 1']])).toEqual(['worker w'])
  expect(at(100, [[1, 'pool 1'], [2, 'pool 1']])).toEqual(['worker w'])
  expect(at(130, [[1, 'pool 1']])).toEqual(['worker w', 'pool 1'])
  expect(at(361, [])).toEqual(['pool 1'])
  expect(at(431, [])).toEqual([])
})

test('builds that need the same lock of their worker have a machine each, also where a machine takes many at once', async () => {
  const locks = `locks: [util.workerLock('cpu').access('exclusive')]`
  world = await DemandWorld.start(config(pool(), builder('a', locks), builder('b', locks), builder('c', `locks: () => [util.workerLock('cpu').access('exclusive')]`)))
  const one = await world.provisioner()
  const request = await world.ask('a')
  await world.ask('b')
  await one.demand()
  expect((await world.instances()).map(row => row.request_id)).toEqual([1, 2])
  await world.build(request, 1)
  await world.rows(`INSERT INTO locks (key, name, max_count, generation_id) VALUES ('worker:1:cpu', 'cpu', 1, 1)`)
  await world.rows(`INSERT INTO lock_claims (lock_id, build_id, mode, count, held_at) SELECT l.id, b.id, 'exclusive', 1, now() FROM locks l, builds b`)
  await world.ask('c')
  await one.demand()
  expect((await world.instances()).map(row => row.request_id)).toEqual([1, 2, 3])
})

test('builds whose options are rendered wait for no others to be', async () => {
  world = await DemandWorld.start(config(pool('maxBuilds: 1', `env: { TARGET: util.property('target') }`), builder('a')))
  const one = await world.provisioner()
  for (const target of ['arm', 'x86']) await world.ask('a', { target })
  expect(await one.look()).toEqual({ again: true })
  expect((await world.instances()).map(row => row.request_id)).toEqual([1, 2])
})

test('one build whose options fail at last keeps no other from its machine', async () => {
  world = await DemandWorld.start(config(`${pool('maxBuilds: 1', `env: { TARGET: input => { globalThis.calls = (globalThis.calls ?? 0) + 1; if (globalThis.calls > 1) throw new Error('not again'); return 'x' } }`)}, workers.pool({ name: 'q', max: 1, provider: providers.process() })`,
    builder('a'), builder('b', '', `['q']`)))
  const one = await world.provisioner()
  for (const name of ['a', 'b']) await world.ask(name)
  await one.demand()
  expect((await world.instances()).map(row => row.worker)).toEqual(['p-1', 'q-1'])
})

test('a cap is not passed by machines of which nobody says what they cost', async () => {
  world = await DemandWorld.start(config(pool('dailyCap: { amount: 2 }'), builder('a')))
  const one = await world.provisioner()
  await world.ask('a')
  await one.demand()
  expect(await world.instances()).toEqual([])
  expect(await world.rows('SELECT obstacle FROM worker_pools')).toEqual([{ obstacle: 'pool p has a daily cap, and the price of a machine is not known' }])
})

test('machines are not judged by a configuration that is not active any more, nor by one that cannot be read', async () => {
  world = await DemandWorld.start(config(pool('warm: 1'), builder('a')))
  const one = await world.provisioner()
  await one.demand()
  await world.configure(config(`workers.worker({ name: 'w', password: 'p' })`, builder('a', '', `['w']`)))
  // As a replica that has not heard of the newest one sees it.
  await world.rows('UPDATE configuration_sets SET active_generation_id = 1')
  await one.scaleIn()
  expect((await world.instances()).map(row => row.desired)).toEqual(['running'])
  await world.configure(config(pool('warm: 1'), builder('a')))
  world.unreadable.add(1)
  await one.scaleIn()
  expect((await world.instances()).map(row => row.desired)).toEqual(['running'])
})

test('a worker that comes and goes counts against its pool, and one that only comes does not forgive it', async () => {
  world = await DemandWorld.start(config(pool('min: 1'), builder('a')))
  const one = await world.provisioner()
  await world.rows(`UPDATE replicas SET started_at = now() - interval '1 hour' WHERE role = 'engine'`)
  for (let n = 1; n <= 3; n++) {
    await one.demand()
    await world.rows(`UPDATE instances SET observed = 'running', connected_at = now() WHERE id = ${n}`)
    await one.forgive()
    await world.rows(`UPDATE instances SET connected_at = now() - interval '70 s' WHERE id = ${n}`)
    await world.rows(`UPDATE worker_sessions SET instance_id = ${n}, connected = false, disconnected_at = now() - interval '65 s' WHERE worker_id = 1`)
    await one.scaleIn()
    await world.rows(`UPDATE instances SET holds_slot = false, gone_at = now() WHERE id = ${n}`)
  }
  await one.demand()
  expect((await world.instances()).map(row => row.end_reason)).toEqual(Array(3).fill('its worker has left it'))
  expect(await world.rows('SELECT failures, backoff_until > now() AS backing FROM worker_pools')).toEqual([{ failures: 3, backing: true }])
})

test('a build that asks for what is not sold keeps no other of a capped pool from its machine', async () => {
  world = await DemandWorld.start(config(pool('maxBuilds: 1, dailyCap: { amount: 9 }', `env: { PLAN: util.property('plan') }`), builder('a'), builder('b'), builder('c')))
  world.price = options => (JSON.stringify(options).includes('bogus') ? null : { perHour: 1, currency: 'EUR', period: 3600 })
  const one = await world.provisioner()
  for (const [name, plan] of [['a', 'bogus'], ['a', 'more bogus'], ['b', 'small'], ['c', 'bogus'], ['a', 'large']] as const) await world.ask(name, { plan })
  await one.demand()
  expect((await world.instances()).map(row => [row.request_id, row.price]).sort()).toEqual([[3, 1], [5, 1]])
})

test('a provider that does not say what machines cost is asked once, not for each of them', async () => {
  world = await DemandWorld.start(config(pool('maxBuilds: 1', `env: { TARGET: util.property('target') }`), builder('a')))
  let asked = 0
  world.price = () => { asked += 1; throw new Error('no answer within 10 s') }
  const one = await world.provisioner()
  for (const target of ['a', 'b', 'c', 'd']) await world.ask('a', { target })
  await one.demand()
  expect(await world.instances()).toHaveLength(4)
  expect(asked).toBe(1)
})
