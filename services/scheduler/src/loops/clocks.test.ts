import { transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { addChange } from '@yardmaster/db/verbs/add-change'
import { completeRequests } from '@yardmaster/db/verbs/complete-requests'
import { recordTrigger } from '@yardmaster/db/verbs/record-trigger'
import { FAILURE, SUCCESS, WARNINGS, type DependentScheduler, type NightlyScheduler, type NightlyTriggerableScheduler, type PeriodicScheduler, type Result, type SchedulerConfig } from '@yardmaster/domain'
import { createLogger, systemClock } from '@yardmaster/runtime'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { aBuilder, aConfiguration, anInstallation, aScheduler, bringGeneration, type Installation } from '../../../../test/kit/installation.js'
import type { ActiveGeneration } from '../active-generation.js'
import { dispatchChanges, type Deciding } from './dispatch-changes.js'
import { tickClocks } from './tick-clocks.js'
import { workTasks } from './work-tasks.js'

let world: Installation
let active: ActiveGeneration
const running = new AbortController().signal
const clock = systemClock()
const logger = createLogger({ name: 'test', level: 'silent' })
const builders = [aBuilder('b1', { collapseRequests: false }), aBuilder('b2', { collapseRequests: false })]

beforeAll(async () => { world = await anInstallation(aConfiguration({ builders })) })
afterAll(() => world?.close())
beforeEach(() => world.db.pool.query('TRUNCATE changes, buildsets, scheduler_timers, scheduler_tasks, scheduler_clocks, scheduler_triggers, scheduler_places CASCADE; UPDATE schedulers SET enabled = true'))

const building = { builders: ['b1'], properties: {}, priority: 0, reason: 'r', codebases: { '': { repository: '/r', branch: null } } }
const timed = { ...building, changeFilter: { fields: {}, properties: {}, fn: null }, fileIsImportant: null, onlyImportant: false, onlyIfChanged: false, createAbsoluteSourceStamps: false, missed: 'once' as const }
const periodic = (more: Partial<PeriodicScheduler> = {}): PeriodicScheduler => ({ ...timed, kind: 'periodic', name: 's', periodicBuildTimer: 3_600, ...more })
const nightly = (more: Partial<NightlyScheduler> = {}): NightlyScheduler => ({ ...timed, kind: 'nightly', name: 's', cron: '0 0 * * *', timeZone: 'UTC', forceAt: null, ...more })
const triggerable = (): NightlyTriggerableScheduler => ({ ...building, kind: 'nightlyTriggerable', name: 's', cron: '0 0 * * *', timeZone: 'UTC', missed: 'once' })
const dependent = (name: string, upstream: string): DependentScheduler => ({ ...building, kind: 'dependent', name, upstream, builders: ['b2'] })

let digests = 0

async function configure(...schedulers: SchedulerConfig[]): Promise<void> {
  const configuration = aConfiguration({ builders, schedulers })
  const { id } = await bringGeneration(world.db, configuration, `clocks-${digests += 1}`)
  active = { id, configuration, call: () => Promise.reject(new Error('no function here')), callPatiently: () => Promise.reject(new Error('no function here')) }
}

const deciding = (): Deciding => ({ db: world.db, fence: { replicaId: world.replicaId }, logger, active: () => active, holdsDuty: () => Promise.resolve(true) })

async function tick(): Promise<number | null> {
  let alarm: number | null = null
  await tickClocks({ ...deciding(), clock, setAlarm: epochMs => { alarm = epochMs } })(running)
  return alarm
}

async function work(): Promise<void> {
  const worker = workTasks({ ...deciding(), clock, setAlarm: () => {}, notify: () => {} })
  await worker.run(running)
  await worker.settled()
}

const sql = async <Row extends object>(text: string, parameters: unknown[] = []) => (await world.db.pool.query<Row>(text, parameters)).rows
const built = async () => (await sql<{ what: string }>(
  `SELECT concat_ws(' ', b.scheduler, s.branch, s.revision) AS what FROM buildsets b JOIN buildset_sourcestamps bs ON bs.buildset_id = b.id JOIN sourcestamps s ON s.id = bs.sourcestamp_id ORDER BY b.id`)).map(row => row.what)
const letClocksBeDue = (ago = '1 second') => world.db.pool.query('UPDATE scheduler_clocks SET due_at = now() - $1::interval, version = version + 1', [ago])
const silence = async () => (await sql<{ silence: string | null }>('SELECT silence FROM scheduler_clocks'))[0]!.silence
const commit = (revision: string, branch = 'main') => transaction(world.db, null, tx => addChange(tx,
  { author: 'Ann', comments: revision, branch, revision, repository: '/r', codebase: '', project: '', files: [], properties: { event: ['push', 'Change'] }, whenAt: new Date(0) }))

/** The tick of one night. */
async function night(): Promise<void> {
  await dispatchChanges(deciding())(running)
  await letClocksBeDue()
  await tick()
  await work()
}

describe('a clock', () => {
  test('ticks once, whoever looks, and again when it is due again', async () => {
    await configure(periodic())
    await tick()
    expect(await sql(`SELECT due_at <= now() AS due FROM scheduler_clocks`)).toEqual([{ due: true }])
    await Promise.all([tick(), tick(), tick()])
    expect(await sql('SELECT cause FROM scheduler_tasks')).toEqual([{ cause: 'tick' }])
    const alarm = await tick()
    expect(alarm! - clock.now()).toBeGreaterThan(3_500_000)
    expect(alarm! - clock.now()).toBeLessThanOrEqual(3_600_000)
    await Promise.all([work(), work(), work()])
    expect(await built()).toEqual(['s'])
    await letClocksBeDue('3 days')
    await tick()
    await tick()
    await work()
    expect(await built()).toEqual(['s', 's'])
  })

  test('that the configuration sets anew goes on from its last build; one that it does not know says nothing', async () => {
    await configure(periodic())
    await tick()
    await tick()
    await configure(periodic({ periodicBuildTimer: 60 }))
    await tick()
    expect(await sql(`SELECT round(extract(epoch FROM due_at - fired_at))::int AS seconds FROM scheduler_clocks`)).toEqual([{ seconds: 60 }])
    await letClocksBeDue()
    await configure()
    expect(await tick()).toBeNull()
    await configure(periodic({ periodicBuildTimer: 60 }))
    await tick()
    await work()
    expect(await sql('SELECT 1 FROM scheduler_tasks')).toEqual([])
    expect(await built()).toEqual(['s', 's'])
  })

  test('of a disabled scheduler goes on in silence', async () => {
    await configure(periodic())
    await tick()
    await sql('UPDATE schedulers SET enabled = false')
    await tick()
    await sql('UPDATE schedulers SET enabled = true')
    await tick()
    await work()
    expect(await built()).toEqual([])
    expect(await sql('SELECT due_at > now() AS later, fired_at FROM scheduler_clocks')).toEqual([{ later: true, fired_at: null }])
  })

  test('that is planned under a generation that has been replaced is not set', async () => {
    await configure(periodic())
    const old = active
    await configure(periodic({ periodicBuildTimer: 60 }))
    const current = active
    active = old
    await tick()
    expect(await sql('SELECT 1 FROM scheduler_clocks')).toEqual([])
    active = current
    await tick()
    expect(await sql('SELECT 1 FROM scheduler_clocks')).toHaveLength(1)
  })
})

describe('a nightly scheduler', () => {
  test('builds what is newest, whether anything changed or not', async () => {
    await configure(nightly())
    await tick()
    await commit('r1')
    await night()
    await night()
    expect(await built()).toEqual(['s', 's'])
  })

  test('with onlyIfChanged builds the first night, then only after an important change, and says why not', async () => {
    const important = { fields: { branch: { eq: ['main'] } }, properties: {}, fn: null }
    await configure(nightly({ onlyIfChanged: true, changeFilter: important }))
    await tick()
    await night()
    expect(await built()).toEqual(['s'])
    await commit('d1', 'dev')
    await night()
    expect(await silence()).toBe('no important change since its last build')
    await commit('r1')
    await commit('r2')
    await night()
    expect(await silence()).toBeNull()
    await night()
    expect(await built()).toEqual(['s', 's main r2'])
    expect(await sql('SELECT 1 FROM scheduler_timers')).toEqual([])
  })

  test('that begins to look at changes builds once in any case', async () => {
    await configure(nightly())
    await tick()
    await night()
    await configure(nightly({ onlyIfChanged: true }))
    await tick()
    await night()
    await night()
    expect(await built()).toEqual(['s', 's'])
  })

  test('that looks at changes no more builds what is newest', async () => {
    await configure(nightly({ onlyIfChanged: true }))
    await tick()
    await commit('r1')
    await dispatchChanges(deciding())(running)
    await configure(nightly())
    await tick()
    await night()
    expect(await built()).toEqual(['s'])
    expect(await sql('SELECT 1 FROM scheduler_timers')).toEqual([])
  })

  test('with absolute places builds the last that it has seen', async () => {
    await configure(nightly({ createAbsoluteSourceStamps: true }))
    await tick()
    await commit('r1')
    await night()
    await night()
    expect(await built()).toEqual(['s main r1', 's main r1'])
  })
})

test('a nightlyTriggerable scheduler builds what triggered it last, once', async () => {
  await configure(triggerable())
  await tick()
  await night()
  expect(await silence()).toBe('nothing has triggered it since its last tick')
  for (const revision of ['r1', 'r2']) {
    await transaction(world.db, null, tx => recordTrigger(tx, {
      scheduler: 's', sourcestamps: [{ codebase: '', repository: '/r', project: '', branch: 'main', revision }], properties: { by: ['x', 'Trigger'] }, parentBuildId: null, parentRelationship: null }))
  }
  await night()
  await night()
  expect(await built()).toEqual(['s main r2'])
  expect(await sql(`SELECT properties FROM buildsets`)).toEqual([{ properties: { by: ['x', 'Trigger'], scheduler: ['s', 'Scheduler'] } }])
})

describe('dependent schedulers', () => {
  async function end(results: Result): Promise<void> {
    const requests = await sql<{ id: number }>(`SELECT id FROM build_requests WHERE state <> 'complete' ORDER BY id`)
    await transaction(world.db, null, tx => completeRequests(tx, requests.map(({ id }) => ({ requestId: id, results }))))
    await work()
  }

  test('build the same places when the buildset before has ended well, one after the other', async () => {
    await configure(aScheduler('up', { builders: ['b1', 'b2'] }), dependent('down', 'up'), dependent('last', 'down'))
    await commit('r1')
    await dispatchChanges(deciding())(running)
    const [first] = await sql<{ id: number }>('SELECT id FROM build_requests ORDER BY id')
    await transaction(world.db, null, tx => completeRequests(tx, [{ requestId: first!.id, results: SUCCESS }]))
    await work()
    expect(await built()).toEqual(['up main r1'])
    await end(WARNINGS)
    expect(await built()).toEqual(['up main r1', 'down main r1'])
    await end(SUCCESS)
    await end(SUCCESS)
    expect(await built()).toEqual(['up main r1', 'down main r1', 'last main r1'])
    expect(await sql(`SELECT DISTINCT properties->'event' AS event FROM buildsets`)).toEqual([{ event: ['push', 'Change'] }])
    expect(await sql('SELECT 1 FROM scheduler_tasks')).toEqual([])
  })

  test('build a patch with the place that it is of', async () => {
    await configure(aScheduler('up'), dependent('down', 'up'))
    const patch = { level: 1, body: 'diff', subdir: '', author: 'Ann', comment: '' }
    await transaction(world.db, null, tx => addBuildset(tx, {
      reason: 'r', scheduler: 'up', actor: 'user:ann', generationId: active.id, properties: {}, priority: 0, builderNames: ['b1'], sourcestamps: [{ codebase: '', repository: '/r', project: '', branch: 'main', revision: 'r1', patch }] }))
    await end(SUCCESS)
    expect(await built()).toEqual(['up main r1', 'down main r1'])
    expect(await sql('SELECT count(DISTINCT sourcestamp_id)::int AS stamps FROM buildset_sourcestamps')).toEqual([{ stamps: 1 }])
  })

  test('do nothing after a failure, or while they are disabled; removed ones build once they are back', async () => {
    const both = [aScheduler('up'), dependent('down', 'up')]
    await configure(...both)
    await commit('r1')
    await dispatchChanges(deciding())(running)
    await end(FAILURE)
    await sql(`UPDATE schedulers SET enabled = false WHERE name = 'down'`)
    await commit('r2')
    await dispatchChanges(deciding())(running)
    await end(SUCCESS)
    expect(await sql('SELECT 1 FROM scheduler_tasks')).toEqual([])
    await sql('UPDATE schedulers SET enabled = true')
    await commit('r3')
    await dispatchChanges(deciding())(running)
    const requests = await sql<{ id: number }>(`SELECT id FROM build_requests WHERE state <> 'complete'`)
    await transaction(world.db, null, tx => completeRequests(tx, requests.map(({ id }) => ({ requestId: id, results: SUCCESS }))))
    await configure(aScheduler('up'))
    await work()
    expect(await built()).toEqual(['up main r1', 'up main r2', 'up main r3'])
    await configure(...both)
    await work()
    expect(await built()).toEqual(['up main r1', 'up main r2', 'up main r3', 'down main r3'])
  })
})
