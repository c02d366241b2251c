import { transaction, type Transaction } from '@yardmaster/db'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aConfiguration, aGitPoller, anInstallation, aScheduler, bringGeneration, type Installation } from '../../../../test/kit/installation.js'
import type { NewBuildset } from './add-buildset.js'
import { addChange, type NewChange } from './add-change.js'
import { dispatchChanges, type Dispatch } from './dispatch-changes.js'
import { beginPoll } from './begin-poll.js'
import { recordPoll } from './record-poll.js'
import { ripenTimers } from './ripen-timers.js'
import { upsertTimers } from './upsert-timers.js'

let world: Installation
let schedulerId: number
const configuration = aConfiguration({ schedulers: [aScheduler('s1')], changeSources: [aGitPoller('/repo')] })

beforeAll(async () => {
  world = await anInstallation(configuration)
  schedulerId = (await rows<{ id: number }>('SELECT id FROM schedulers'))[0]!.id
})
afterAll(() => world.close())

const write = <T>(work: (tx: Transaction) => Promise<T>) => transaction(world.db, { replicaId: world.replicaId }, work)

async function rows<Row extends object>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
  return (await world.db.pool.query<Row>(sql, parameters)).rows
}

function aChange(revision: string): NewChange {
  return { author: 'Ann', comments: 'work', branch: 'main', revision, repository: '/repo', codebase: '', project: '', files: [], properties: {}, whenAt: new Date(0) }
}

function aBuildset(reason: string): NewBuildset {
  return { reason, scheduler: 's1', actor: 'system:scheduler', generationId: world.generationId, properties: {}, priority: 0, builderNames: ['b1'],
    sourcestamps: [{ codebase: '', repository: '/repo', project: '', branch: 'main', revision: 'r' }] }
}

const buildsetsWith = async (reason: string) => (await rows('SELECT 1 FROM buildsets WHERE reason = $1', [reason])).length

const dispatchOf = (changeId: number, more: Partial<Dispatch> = {}): Dispatch => ({ changeId, timers: [], tasks: [], places: [], buildsets: [], ...more })

describe('changes', () => {
  test('are dispatched once, whoever tries, and all or nothing is written', async () => {
    const [one, two] = [(await write(tx => addChange(tx, aChange('once'))))!.id, (await write(tx => addChange(tx, aChange('once again'))))!.id]
    const timer = (changeId: number) => ({ schedulerId, key: 'once', changeId, important: true, seconds: 60 })
    const place = { schedulerId, codebase: '', repository: '/repo', branch: 'main' }
    const dispatches = [
      dispatchOf(one, { timers: [timer(one)], tasks: [schedulerId], places: [{ ...place, revision: 'old' }], buildsets: [aBuildset('once')] }),
      dispatchOf(two, { timers: [timer(two)], tasks: [schedulerId], places: [{ ...place, revision: 'new' }] }),
    ]
    await expect(write(tx => dispatchChanges(tx, world.generationId, [dispatchOf(two, { buildsets: [aBuildset('once'), { ...aBuildset('once'), builderNames: ['gone'] }] })]))).rejects.toThrow(/gone/)
    expect(await buildsetsWith('once')).toBe(0)
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => write(tx => dispatchChanges(tx, world.generationId, dispatches))))
    expect(outcomes.flat().toSorted()).toEqual([one, two])
    expect(await buildsetsWith('once')).toBe(1)
    expect(await rows(`SELECT change_ids::int[], version FROM scheduler_timers WHERE key = 'once'`)).toEqual([{ change_ids: [one, two], version: 1 }])
    expect(await rows('SELECT cause, change_ids::int[] FROM scheduler_tasks ORDER BY id')).toEqual([{ cause: 'changes', change_ids: [one] }, { cause: 'changes', change_ids: [two] }])
    expect(await rows('SELECT revision, change_id FROM scheduler_places')).toEqual([{ revision: 'new', change_id: two }])
    expect(await rows('SELECT version FROM changes WHERE id = $1 AND dispatched_at IS NOT NULL', [one])).toEqual([{ version: 2 }])
  })

  test('are not dispatched under a generation that is active no more', async () => {
    const change = await write(tx => addChange(tx, aChange('old')))
    const { id } = await bringGeneration(world.db, configuration, 'second')
    const dispatch = dispatchOf(change!.id, { buildsets: [aBuildset('old')] })
    expect(await write(tx => dispatchChanges(tx, world.generationId, [dispatch]))).toBe('superseded')
    world.generationId = id
    expect(await write(tx => dispatchChanges(tx, id, [{ ...dispatch, buildsets: [aBuildset('old')] }]))).toEqual([change!.id])
    expect(await buildsetsWith('old')).toBe(1)
  })
})

describe('a timer', () => {
  const timerOf = async (key: string) => (await rows<{ version: number; important: boolean; changes: number[]; due_in: number }>(
    `SELECT version, important, change_ids::int[] AS changes, extract(epoch FROM due_at - now())::float8 AS due_in FROM scheduler_timers WHERE key = $1`, [key]))[0]
  const join = (key: string, changeId: number, { important = true, seconds = 0 }: { important?: boolean; seconds?: number | null } = {}) => write(tx => upsertTimers(tx, [{ schedulerId, key, changeId, important, seconds }]))

  test('gathers changes and starts anew with each', async () => {
    await join('gather', 1, { important: false, seconds: 10 })
    expect(await timerOf('gather')).toMatchObject({ important: false, changes: [1], version: 1 })
    await join('gather', 2, { seconds: 60 })
    await join('gather', 3, { important: false, seconds: 90 })
    const timer = await timerOf('gather')
    expect(timer).toMatchObject({ important: true, changes: [1, 2, 3], version: 3 })
    expect(timer!.due_in).toBeGreaterThan(60)
  })

  test('becomes a task once, when due and important; what waits for a clock never does', async () => {
    await write(tx => tx.execute('DELETE FROM scheduler_tasks'))
    await join('early', 1, { seconds: 60 })
    await join('dull', 1, { important: false })
    await join('for ever', 1, { seconds: null })
    await join('due', 1, { seconds: -1 })
    await join('due', 2, { seconds: -1 })
    const ripened = await Promise.all([1, 2, 3].map(() => write(tx => ripenTimers(tx, [schedulerId]))))
    expect(ripened.toSorted()).toEqual([0, 0, 1])
    expect(await write(tx => ripenTimers(tx, []))).toBe(0)
    expect(await rows('SELECT cause, change_ids::int[] FROM scheduler_tasks')).toEqual([{ cause: 'changes', change_ids: [1, 2] }])
    expect(await timerOf('due')).toBeUndefined()
    for (const key of ['early', 'dull', 'for ever']) expect(await timerOf(key)).toBeDefined()
  })
})

test('of two polls at once, one is recorded with its changes', async () => {
  const [source] = await rows<{ id: number; claim: number }>('SELECT id, claim FROM change_sources')
  const begin = () => write(tx => beginPoll(tx, { sourceId: source!.id, claim: source!.claim, replicaId: world.replicaId, seconds: 600 }))
  const [claimed, ...others] = (await Promise.all([begin(), begin(), begin()])).toSorted((a, b) => (a === null ? 1 : b === null ? -1 : 0))
  expect(others).toEqual([null, null])
  const poll = (n: number) => write(tx => recordPoll(tx, { sourceId: source!.id, claim: claimed!.claim, generationId: world.generationId, state: { heads: { main: `p${n}` } }, changes: [aChange('poll-1'), aChange('poll-2')], reconciles: false, more: false }))
  expect((await Promise.all([1, 2, 3].map(poll))).toSorted()).toEqual([false, false, true])
  expect(await rows(`SELECT revision FROM changes WHERE revision LIKE 'poll-%' ORDER BY id`)).toEqual([{ revision: 'poll-1' }, { revision: 'poll-2' }])
  expect(await begin()).toBeNull()
})
