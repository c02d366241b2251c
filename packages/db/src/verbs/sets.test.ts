import { afterAll, beforeAll, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aWorker, type Installation } from '../../../../test/kit/installation.js'
import { transaction, type Transaction } from '../transaction.js'
import { until } from '../../../../test/kit/until.js'
import { activateGeneration, NamesTaken } from './activate-generation.js'
import { addChange } from './add-change.js'
import { dispatchChanges } from './dispatch-changes.js'

let world: Installation
beforeAll(async () => { world = await anInstallation(aConfiguration({ workers: [aWorker('w1')], builders: [aBuilder('b1')] })) })
afterAll(() => world?.close())

const accept = async (tx: Transaction) => (await addChange(tx, { author: 'a', comments: 'c', branch: 'main', revision: 'r', repository: '', codebase: '', project: '', files: [], properties: {}, whenAt: new Date(0) }))!.id
const change = () => transaction(world.db, null, accept)
const dispatch = async (changeId: number, generationId: number) => {
  const written = await transaction(world.db, null, tx => dispatchChanges(tx, generationId, [{ changeId, timers: [], tasks: [], places: [], buildsets: [] }]))
  return written === 'superseded' ? written : written.length === 0 ? 'lost' : 'dispatched'
}
const bring = (set: string, builder: string, worker: string) => transaction(world.db, null, tx => activateGeneration(tx, {
  set, digest: `${set}-${builder}-${worker}`, code: '', configuration: aConfiguration({ workers: [aWorker(worker)], builders: [aBuilder(builder, { workers: [worker] })] }) }))
const dispatched = async (id: number) => (await world.db.pool.query('SELECT 1 FROM changes WHERE id = $1 AND dispatched_at IS NOT NULL', [id])).rowCount === 1

test('a change goes to each set once, whoever is first; what came before a set was there does not go to it', async () => {
  const old = await change()
  const mobile = (await bring('mobile', 'm1', 'wm')).id
  expect(await dispatch(old, mobile)).toBe('lost')
  expect(await dispatched(old)).toBe(false)
  expect(await dispatch(old, world.generationId)).toBe('dispatched')
  expect(await dispatched(old)).toBe(true)
  const both = await change()
  expect(await dispatch(both, mobile)).toBe('dispatched')
  expect(await dispatch(both, mobile)).toBe('lost')
  expect(await dispatched(both)).toBe(false)
  expect(await dispatch(both, world.generationId)).toBe('dispatched')
  expect(await dispatched(both)).toBe(true)
})

test('two sets that dispatch a change at once leave it dispatched', async () => {
  const { rows } = await world.db.pool.query<{ id: number }>('SELECT active_generation_id AS id FROM configuration_sets ORDER BY name')
  for (let n = 0; n < 20; n++) {
    const id = await change()
    expect(await Promise.all(rows.map(row => dispatch(id, row.id)))).toEqual(['dispatched', 'dispatched'])
    expect(await dispatched(id)).toBe(true)
  }
})

test('names that another set has are refused, and nothing is activated', async () => {
  await expect(bring('third', 'b1', 'wt')).rejects.toThrow(NamesTaken)
  await expect(bring('third', 't1', 'w1')).rejects.toThrow('worker w1 of set')
  expect((await world.db.pool.query(`SELECT 1 FROM configuration_sets WHERE name = 'third'`)).rowCount).toBe(0)
  expect((await bring('third', 't1', 'wt')).activated).toBe(true)
})

/** Whether somebody waits for a lock, or the work is done. */
async function stuckOr(done: () => boolean): Promise<void> {
  await until('the other one to wait or to end', async () => done() || (await world.db.pool.query(`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rowCount !== 0)
}

test('a change is accepted while a configuration becomes active', async () => {
  const activating = await transaction(world.db, null, async tx => {
    await tx.execute('SELECT 1 FROM workers FOR UPDATE')
    const begun = bring('main', 'b2', 'w1')
    await stuckOr(() => false)
    await change()
    // Who stood still for long would have been ended.
    await tx.execute('SELECT 1')
    return { begun }
  })
  expect((await activating.begun).activated).toBe(true)
})

test.each(['change', 'set'])('a change that is accepted while the first set comes goes to it, when the %s is written first', async first => {
  await world.db.pool.query('TRUNCATE configuration_sets, changes CASCADE')
  const come = (tx: Transaction) => activateGeneration(tx, { set: 'main', digest: first, code: '', configuration: aConfiguration({ workers: [aWorker('w1')], builders: [aBuilder('b1')] }) })
  const [one, other]: ((tx: Transaction) => Promise<unknown>)[] = first === 'change' ? [accept, come] : [come, accept]
  let ended = false
  let late: Promise<void> | undefined
  await transaction(world.db, null, async tx => {
    await one!(tx)
    late = transaction(world.db, null, other!).then(() => { ended = true })
    await stuckOr(() => ended)
  })
  await late
  expect((await world.db.pool.query('SELECT set_name FROM pending_dispatches p JOIN changes c ON c.id = p.change_id')).rows).toEqual([{ set_name: 'main' }])
})

test('a configuration in another order waits for rows in theirs: no deadlock with claims and burials', async () => {
  const names = ['1', '2', '3']
  const inOrder = (order: string[], digest: string) => aConfiguration({ title: digest, workers: order.map(n => aWorker(`ow${n}`)), builders: order.map(n => aBuilder(`ob${n}`, { workers: order.map(m => `ow${m}`) })) })
  const come = (order: string[], digest: string) => transaction(world.db, null, tx => activateGeneration(tx, { set: 'ordered', digest, code: '', configuration: inOrder(order, digest) }))
  await come(names, 'o1')
  for (const table of ['workers', 'builders']) {
    const hold = (tx: Transaction, n: string) => tx.query(`SELECT 1 FROM ${table} WHERE name LIKE 'o_${n}' FOR NO KEY UPDATE`)
    let ended = false
    let late: Promise<void> | undefined
    await transaction(world.db, null, async tx => {
      await hold(tx, '1')
      late = come(names.toReversed(), `o-${table}`).then(() => { ended = true })
      await stuckOr(() => ended)
      await tx.execute(`SET LOCAL lock_timeout = '500ms'`)
      await hold(tx, '3')
    })
    await late
  }
})

test('of two sets that come at once with one name the later one is refused', async () => {
  let ended = false
  let late: Promise<void> | undefined
  await transaction(world.db, null, async tx => {
    await activateGeneration(tx, { set: 'soon', digest: 'soon', code: '', configuration: aConfiguration({ workers: [aWorker('wanted')], builders: [aBuilder('sb', { workers: ['wanted'] })] }) })
    late = bring('late', 'lb', 'wanted').then(() => { ended = true })
    late.catch(() => { ended = true })
    await stuckOr(() => ended)
  })
  await expect(late).rejects.toThrow('worker wanted of set soon')
  expect((await world.db.pool.query(`SELECT set_name FROM workers WHERE name = 'wanted'`)).rows).toEqual([{ set_name: 'soon' }])
})
