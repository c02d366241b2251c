import { transaction, type Transaction } from '@yardmaster/db'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aConfiguration, aGitPoller, anInstallation, aScheduler, bringGeneration, type Installation } from '../../../../test/kit/installation.js'
import type { NewBuildset } from './add-buildset.js'
import { addChange, type NewChange } from './add-change.js'
import { dispatchChange } from './dispatch-change.js'
import { fireTimer, type TimerFire } from './fire-timer.js'
import { beginPoll } from './begin-poll.js'
import { recordPoll } from './record-poll.js'
import { upsertTimer } from './upsert-timer.js'

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

describe('a change', () => {
  test('is dispatched once, whoever tries, and all or nothing is written', async () => {
    const change = await write(tx => addChange(tx, aChange('once')))
    const dispatch = { changeId: change!.id, generationId: world.generationId, timers: [{ schedulerId, key: 'once', changeId: change!.id, important: true, seconds: 60 }], buildsets: [aBuildset('once')] }
    await expect(write(tx => dispatchChange(tx, { ...dispatch, buildsets: [aBuildset('once'), { ...aBuildset('once'), builderNames: ['gone'] }] }))).rejects.toThrow(/gone/)
    expect(await buildsetsWith('once')).toBe(0)
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => write(tx => dispatchChange(tx, dispatch))))
    expect(outcomes.toSorted()).toEqual(['dispatched', 'lost', 'lost', 'lost'])
    expect(await buildsetsWith('once')).toBe(1)
    expect(await rows(`SELECT change_ids::int[], version FROM scheduler_timers WHERE key = 'once'`)).toEqual([{ change_ids: [change!.id], version: 1 }])
    expect(await rows('SELECT version FROM changes WHERE id = $1 AND dispatched_at IS NOT NULL', [change!.id])).toEqual([{ version: 2 }])
  })

  test('is not dispatched under a generation that is active no more', async () => {
    const change = await write(tx => addChange(tx, aChange('old')))
    const { id } = await bringGeneration(world.db, configuration, 'second')
    const dispatch = { changeId: change!.id, generationId: world.generationId, timers: [], buildsets: [aBuildset('old')] }
    expect(await write(tx => dispatchChange(tx, dispatch))).toBe('superseded')
    world.generationId = id
    expect(await write(tx => dispatchChange(tx, { ...dispatch, generationId: id, buildsets: [aBuildset('old')] }))).toBe('dispatched')
    expect(await buildsetsWith('old')).toBe(1)
  })
})

describe('a timer', () => {
  const timerOf = async (key: string) => (await rows<{ version: number; important: boolean; changes: number[]; due_in: number }>(
    `SELECT version, important, change_ids::int[] AS changes, extract(epoch FROM due_at - now())::float8 AS due_in FROM scheduler_timers WHERE key = $1`, [key]))[0]
  const join = (key: string, changeId: number, { important = true, seconds = 0 } = {}) => write(tx => upsertTimer(tx, { schedulerId, key, changeId, important, seconds }))
  const fire = (key: string, version: number, more: Partial<TimerFire> = {}) =>
    write(tx => fireTimer(tx, { schedulerId, key, version, generationId: world.generationId, buildset: aBuildset(key), ...more }))

  test('gathers changes and starts anew with each', async () => {
    await join('gather', 1, { important: false, seconds: 10 })
    expect(await timerOf('gather')).toMatchObject({ important: false, changes: [1], version: 1 })
    await join('gather', 2, { seconds: 60 })
    await join('gather', 3, { important: false, seconds: 90 })
    const timer = await timerOf('gather')
    expect(timer).toMatchObject({ important: true, changes: [1, 2, 3], version: 3 })
    expect(timer!.due_in).toBeGreaterThan(60)
  })

  test('fires once, when due, important and as it was read', async () => {
    await join('early', 1, { seconds: 60 })
    await join('dull', 1, { important: false })
    await join('due', 1)
    expect(await fire('early', 1)).toBe('lost')
    expect(await fire('dull', 1)).toBe('lost')
    await join('due', 2)
    expect(await fire('due', 1)).toBe('lost')
    expect(await fire('due', 2, { generationId: world.generationId - 1 })).toBe('superseded')
    expect((await Promise.all([1, 2, 3].map(() => fire('due', 2)))).toSorted()).toEqual(['fired', 'lost', 'lost'])
    expect(await buildsetsWith('due')).toBe(1)
    expect(await timerOf('due')).toBeUndefined()
  })

  test('with nothing left to build goes without a buildset', async () => {
    await join('empty', 1)
    expect(await fire('empty', 1, { buildset: null })).toBe('fired')
    expect(await timerOf('empty')).toBeUndefined()
  })
})

test('of two polls at once, one is recorded with its changes', async () => {
  const [source] = await rows<{ id: number; claim: number }>('SELECT id, claim FROM change_sources')
  const begin = () => write(tx => beginPoll(tx, { sourceId: source!.id, claim: source!.claim, replicaId: world.replicaId, seconds: 600 }))
  const [claimed, ...others] = (await Promise.all([begin(), begin(), begin()])).toSorted((a, b) => (a === null ? 1 : b === null ? -1 : 0))
  expect(others).toEqual([null, null])
  const poll = (n: number) => write(tx => recordPoll(tx, { sourceId: source!.id, claim: claimed!.claim, generationId: world.generationId, state: { heads: { main: `p${n}` } }, changes: [aChange('poll-1'), aChange('poll-2')], more: false }))
  expect((await Promise.all([1, 2, 3].map(poll))).toSorted()).toEqual([false, false, true])
  expect(await rows(`SELECT revision FROM changes WHERE revision LIKE 'poll-%' ORDER BY id`)).toEqual([{ revision: 'poll-1' }, { revision: 'poll-2' }])
  expect(await begin()).toBeNull()
})
