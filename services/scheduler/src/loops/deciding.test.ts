import { transaction } from '@yardmaster/db'
import { addChange, type NewChange } from '@yardmaster/db/verbs/add-change'
import type { BasicScheduler, Json } from '@yardmaster/domain'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aScheduler, bringGeneration, type Installation } from '../../../../test/kit/installation.js'
import type { ActiveGeneration } from '../active-generation.js'
import { dispatchChanges, MOST_REQUESTS, type Deciding } from './dispatch-changes.js'
import { ripenTimers } from './ripen-timers.js'
import { workTasks } from './work-tasks.js'

let world: Installation
let lines: { [key: string]: unknown }[]
let active: ActiveGeneration
const running = new AbortController().signal
const clock = systemClock()
const logger = createLogger({ name: 'test', level: 'info', destination: { write: line => { lines.push(JSON.parse(line)) } } })
const builders = [aBuilder('b1', { collapseRequests: false }), aBuilder('b2')]

beforeAll(async () => { world = await anInstallation(aConfiguration({ builders })) })
afterAll(() => world.close())
beforeEach(async () => {
  lines = []
  await world.db.pool.query('TRUNCATE changes, buildsets, scheduler_timers, scheduler_tasks CASCADE')
  await world.db.pool.query('UPDATE schedulers SET enabled = true')
})

let digests = 0
let functions: { [address: string]: () => Promise<Json> } = {}

async function configure(...schedulers: BasicScheduler[]): Promise<void> {
  const configuration = aConfiguration({ builders, schedulers })
  const { id } = await bringGeneration(world.db, configuration, `deciding-${digests += 1}`)
  active = { id, configuration, call: () => Promise.reject(new Error('no function here')), callPatiently: fn => functions[fn.$fn]?.() ?? Promise.reject(new Error('no function here')) }
}

const deciding = (more: Partial<Deciding> = {}): Deciding =>
  ({ db: world.db, fence: { replicaId: world.replicaId }, logger, active: () => active, holdsDuty: () => Promise.resolve(true), ...more })
const dispatch = (more: Partial<Deciding> = {}) => dispatchChanges(deciding(more))(running)

async function fire(): Promise<number | null> {
  let alarm: number | null = null
  await ripenTimers({ ...deciding(), clock, setAlarm: epochMs => { alarm = epochMs } })(running)
  await work()
  return alarm
}

/** As often as there is something to do at once. */
async function work(): Promise<void> {
  let again = true
  const worker = workTasks({ ...deciding(), clock, setAlarm: () => {}, notify: () => { again = true } })
  while (again) {
    again = false
    await worker.run(running)
    await worker.settled()
  }
}

function commit(revision: string, more: Partial<NewChange> = {}) {
  return transaction(world.db, null, tx => addChange(tx, { author: 'Ann', comments: revision, branch: 'main', revision, repository: '/r', codebase: '', project: '', files: [],
    properties: {}, whenAt: new Date(0), ...more }))
}

async function rows<Row extends object>(sql: string): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql)).rows
}

const built = async () => (await rows<{ revision: string }>(
  'SELECT s.revision FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN sourcestamps s ON s.id = bs.sourcestamp_id ORDER BY b.id')).map(row => row.revision)
const undispatched = async () => (await rows('SELECT 1 FROM changes WHERE dispatched_at IS NULL')).length
const letTimersBeDue = () => world.db.pool.query(`UPDATE scheduler_timers SET due_at = now() - interval '1 second'`)

describe('changes', () => {
  test('are dispatched in their order, once, also by two at the same time', async () => {
    await configure(aScheduler('s'))
    for (const n of [1, 2, 3, 4, 5]) await commit(`r${n}`)
    await Promise.all([dispatch(), dispatch()])
    await dispatch()
    expect(await built()).toEqual(['r1', 'r2', 'r3', 'r4', 'r5'])
    expect(await undispatched()).toBe(0)
  })

  test('are written many in one transaction, and no more than keep it short', async () => {
    await configure(aScheduler('s', { builders: ['b1', 'b2'] }), aScheduler('again'))
    for (let n = 1; n <= 80; n++) await commit(`r${n}`)
    const requests: number[] = []
    world.db.onCommitted = ({ told }) => { requests.push(told?.envelopes.filter(envelope => envelope.type === 'buildrequest.new').length ?? 0) }
    await dispatch()
    world.db.onCommitted = () => {}
    expect(requests.filter(count => count > 0)).toEqual([33, 33, 14].map(changes => changes * 3))
    expect(Math.max(...requests)).toBeLessThanOrEqual(MOST_REQUESTS)
    expect(await undispatched()).toBe(0)
  })

  test('wait while another replica decides, and while their scheduler is disabled are of no interest to it', async () => {
    await configure(aScheduler('s'), aScheduler('off', { builders: ['b2'] }))
    await world.db.pool.query(`UPDATE schedulers SET enabled = false WHERE name = 'off'`)
    await commit('r1')
    await dispatch({ holdsDuty: () => Promise.resolve(false) })
    expect(await undispatched()).toBe(1)
    await dispatch()
    expect(await rows('SELECT scheduler FROM buildsets')).toEqual([{ scheduler: 's' }])
  })

  test('are not dispatched under a generation that has been replaced', async () => {
    await configure(aScheduler('old'))
    const old = active
    await configure(aScheduler('new'))
    await commit('r1')
    expect(await dispatch({ active: () => old })).toEqual({ again: false })
    expect(await undispatched()).toBe(1)
    await dispatch()
    expect(await rows('SELECT scheduler FROM buildsets')).toEqual([{ scheduler: 'new' }])
  })

  test('that a scheduler cannot build stop neither those behind them nor the other schedulers, and are tried again', async () => {
    await configure(aScheduler('bad', { builders: ['gone'], changeFilter: { fields: { branch: { eq: ['bad'] } }, properties: {}, fn: null } }), aScheduler('s'))
    await commit('r1', { branch: 'bad' })
    await commit('r2')
    await dispatch()
    await work()
    expect(await built()).toEqual(['r1', 'r2'])
    expect(await undispatched()).toBe(0)
    expect(await rows(`SELECT s.name, t.attempts, t.failure LIKE '%gone%' AS told FROM scheduler_tasks t JOIN schedulers s ON s.id = t.scheduler_id`)).toEqual([{ name: 'bad', attempts: 1, told: true }])
    await configure(aScheduler('bad', { builders: ['b2'] }), aScheduler('s'))
    await world.db.pool.query(`UPDATE scheduler_tasks SET due_at = now() - interval '1 second'`)
    await work()
    expect(await built()).toEqual(['r1', 'r2', 'r1'])
    expect(await rows('SELECT 1 FROM scheduler_tasks')).toEqual([])
  })

  test('of which one cannot be written at all are dispatched but for that one', async () => {
    await configure(aScheduler('s'))
    await commit('r1')
    await commit('r2')
    await world.db.pool.query(`CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.change_id = (SELECT min(id) FROM changes) THEN RAISE EXCEPTION 'poisoned'; END IF; RETURN OLD; END $$;
      CREATE TRIGGER poisoned BEFORE DELETE ON pending_dispatches FOR EACH ROW EXECUTE FUNCTION poisoned()`)
    const run = dispatchChanges(deciding())
    await run(running)
    await run(running)
    await work()
    expect(await built()).toEqual(['r2'])
    expect(lines.filter(line => line['level'] === 'error')).toHaveLength(1)
    await world.db.pool.query('DROP FUNCTION poisoned CASCADE')
    await configure(aScheduler('s'))
    await run(running)
    expect(await built()).toEqual(['r2', 'r1'])
  })
})

test('a change for which others are in the way, however often it is tried, is not set aside', async () => {
  await configure(aScheduler('s'))
  await commit('r1')
  await world.db.pool.query(`CREATE FUNCTION in_the_way() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE deadlock_detected; END $$;
    CREATE TRIGGER in_the_way BEFORE INSERT ON buildsets FOR EACH ROW EXECUTE FUNCTION in_the_way()`)
  const run = dispatchChanges(deciding())
  await expect(run(running)).rejects.toThrow('deadlock_detected')
  await world.db.pool.query('DROP FUNCTION in_the_way CASCADE')
  await run(running)
  expect(await built()).toEqual(['r1'])
})

describe('with a tree-stable timer', () => {
  test('the newest change of each branch is built once it is quiet', async () => {
    await configure(aScheduler('s', { treeStableTimer: 100 }))
    await commit('m1')
    await commit('d1', { branch: 'dev' })
    await commit('m2')
    await dispatch()
    const alarm = await fire()
    expect(await built()).toEqual([])
    expect(alarm! - clock.now()).toBeGreaterThan(20_000)
    expect(alarm! - clock.now()).toBeLessThanOrEqual(100_000)
    await letTimersBeDue()
    expect(await fire()).toBeNull()
    expect((await built()).toSorted()).toEqual(['d1', 'm2'])
    expect(await rows('SELECT 1 FROM scheduler_timers')).toEqual([])
  })

  test('a scheduler that is removed or disabled keeps its changes until it is back', async () => {
    await configure(aScheduler('s', { treeStableTimer: 100 }))
    await commit('m1')
    await dispatch()
    await letTimersBeDue()
    await configure()
    expect(await fire()).toBeNull()
    await configure(aScheduler('s', { treeStableTimer: 100 }))
    await world.db.pool.query('UPDATE schedulers SET enabled = false')
    await fire()
    expect(await built()).toEqual([])
    await world.db.pool.query('UPDATE schedulers SET enabled = true')
    await fire()
    expect(await built()).toEqual(['m1'])
  })

  test('a buildset that cannot be written does not stop the others', async () => {
    await configure(aScheduler('bad', { treeStableTimer: 100, builders: ['gone'] }), aScheduler('s', { treeStableTimer: 100 }))
    await commit('m1')
    await dispatch()
    await letTimersBeDue()
    await fire()
    expect(await built()).toEqual(['m1'])
    expect(lines).toContainEqual(expect.objectContaining({ level: 'error', scheduler: 'bad' }))
  })
})

describe('functions that choose the builders', () => {
  test('hold up their own scheduler alone while they hang, and keep its order', async () => {
    let answer: (names: Json) => void = () => {}
    const calls: number[] = []
    functions = { slow: () => { calls.push(calls.length); return calls.length === 1 ? new Promise(resolve => { answer = resolve }) : Promise.resolve(['b2']) } }
    await configure(aScheduler('slow', { builders: { $fn: 'slow' } }), aScheduler('s'))
    const worker = workTasks({ ...deciding(), clock, setAlarm: () => {}, notify: () => {} })
    for (const revision of ['r1', 'r2']) {
      await commit(revision)
      await dispatch()
      await worker.run(running)
    }
    expect(await built()).toEqual(['r1', 'r2'])
    expect(calls).toHaveLength(1)
    answer(['b1', 'b2'])
    await worker.settled()
    await work()
    expect(await rows(`SELECT s.revision, array_agg(w.name ORDER BY w.name) AS builders FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
      JOIN build_requests r ON r.buildset_id = b.id JOIN builders w ON w.id = r.builder_id WHERE b.scheduler = 'slow' GROUP BY b.id, s.revision ORDER BY b.id`)).toEqual([
      { revision: 'r1', builders: ['b1', 'b2'] }, { revision: 'r2', builders: ['b2'] }])
  })

  test('when they fail hold up those behind for a few attempts, and are tried for ever', async () => {
    functions = { broken: () => Promise.reject(new Error('no answer')) }
    await configure(aScheduler('slow', { builders: { $fn: 'broken' } }))
    await commit('r1')
    await commit('r2')
    await dispatch()
    for (let attempt = 1; attempt <= 5; attempt++) {
      await work()
      expect(await rows('SELECT attempts, failure FROM scheduler_tasks ORDER BY id')).toEqual([{ attempts: attempt, failure: 'no answer' }, attempt < 5 ? { attempts: 0, failure: null } : { attempts: 1, failure: 'no answer' }])
      await world.db.pool.query(`UPDATE scheduler_tasks SET due_at = now() - interval '1 second'`)
    }
    functions = { broken: () => Promise.resolve(['b1']) }
    await work()
    expect(await built()).toEqual(['r2', 'r1'])
  })
})
