import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aConfiguration, aScheduler } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
let yard: YardClient
const building = { builders: ['b1'], properties: {}, priority: 0, reason: 'r', codebases: { '': { repository: '/r', branch: null } } }
const timed = { ...building, changeFilter: { fields: {}, properties: {}, fn: null }, fileIsImportant: null, onlyImportant: false, onlyIfChanged: true, createAbsoluteSourceStamps: false, missed: 'once' as const }
const schedulers = [
  aScheduler('all', { treeStableTimer: 90, builders: { $fn: 'f' } }),
  { ...building, kind: 'dependent' as const, name: 'down', upstream: 'all' },
  { ...timed, kind: 'nightly' as const, name: 'night', cron: '0 3 * * *', timeZone: 'Europe/Berlin', forceAt: null },
]
beforeAll(async () => {
  api = await startApi(aConfiguration({ schedulers }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())
beforeEach(() => api.db.pool.query(`TRUNCATE scheduler_timers, scheduler_tasks, scheduler_clocks, control_actions; UPDATE schedulers SET enabled = true`))

const idOf = async (name: string) => (await yard.scheduler(name)).id

it('tells when each acts', async () => {
  expect((await yard.schedulers()).map(({ name, kind, when, builders }) => [name, kind, when, builders])).toEqual([
    ['all', 'anyBranch', 'changes, after 90 s of quiet', null],
    ['down', 'dependent', 'after all', ['b1']],
    ['night', 'nightly', 'at 0 3 * * * (Europe/Berlin), if changed', ['b1']],
  ])
  expect(await yard.scheduler(await idOf('all'))).toEqual(await yard.scheduler('all'))
  await expect(yard.scheduler('gone')).rejects.toMatchObject({ status: 404 })
})

it('tells what waits, what is next, and why nothing was built', async () => {
  const [all, night] = [await idOf('all'), await idOf('night')]
  await api.db.pool.query(`INSERT INTO scheduler_timers (scheduler_id, key, change_ids, important, due_at) VALUES ($1, 'a', '{1,2}', true, to_timestamp(5000000000)), ($1, 'b', '{3}', false, now()), ($2, '', '{4}', true, 'infinity')`, [all, night])
  await api.db.pool.query(`INSERT INTO scheduler_clocks (scheduler_id, spec, due_at, fired_at, silence) VALUES ($1, '', to_timestamp(5000000001), to_timestamp(1000), 'no important change since its last build')`, [night])
  expect(await yard.scheduler('all')).toMatchObject({ nextAt: null, firedAt: null, waiting: { trees: 2, changes: 3, nextAt: 5_000_000_000 }, tasks: 0, trouble: null })
  expect(await yard.scheduler('night')).toMatchObject({ nextAt: 5_000_000_001, firedAt: 1_000, silence: 'no important change since its last build', waiting: { changes: 1, nextAt: null } })
  await api.db.pool.query(`INSERT INTO scheduler_tasks (scheduler_id, cause, attempts, failure, created_at, due_at) VALUES ($1, 'changes', 0, NULL, now(), now()), ($1, 'changes', 2, 'no answer', to_timestamp(2000), to_timestamp(3000))`, [all])
  expect(await yard.scheduler('all')).toMatchObject({ tasks: 2, trouble: { failure: 'no answer', attempts: 2, since: 2_000, againAt: 3_000 } })
})

it('is disabled and enabled by name or number, and who did it is kept', async () => {
  expect(await yard.controlScheduler('all', 'disable')).toMatchObject({ enabled: false })
  expect(await yard.controlScheduler(await idOf('all'), 'enable')).toMatchObject({ enabled: true })
  const { rows } = await api.db.pool.query(`SELECT actor, action FROM control_actions WHERE thing = 'schedulers' ORDER BY id`)
  expect(rows).toEqual([{ actor: 'user:anonymous', action: 'disable' }, { actor: 'user:anonymous', action: 'enable' }])
  await expect(yard.controlScheduler('gone', 'disable')).rejects.toMatchObject({ status: 404 })
})
