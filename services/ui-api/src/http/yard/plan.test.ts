import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aBuilder, aConfiguration, aScheduler } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

const main = { fields: { branch: { eq: ['main'] } }, properties: {}, fn: null }
const configuration = aConfiguration({ builders: [aBuilder('b1'), aBuilder('b2')], schedulers: [aScheduler('main', { changeFilter: main }), aScheduler('all', { builders: ['b1', 'b2'] }), aScheduler('off')] })

let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(configuration)
  yard = createYardClient({ baseUrl: api.url })
  await api.db.pool.query(`UPDATE schedulers SET enabled = false WHERE name = 'off'`)
  await api.db.pool.query('UPDATE worker_sessions SET connected = true')
})
afterAll(() => api?.close())

test('a plan says what each scheduler would do, where it could run now, and writes nothing', async () => {
  const plans = await yard.plan({ branch: 'dev', files: ['a.c'], properties: { who: 'ann' } })
  expect(plans.map(({ scheduler, outcome, why }) => [scheduler, outcome, why])).toEqual([
    ['main', 'silent', "wants the branch to be 'main', and this change has 'dev'"], ['all', 'builds', 'builds it at once'], ['off', 'silent', 'is disabled'],
  ])
  expect(plans[1]!.buildset!.builders).toMatchObject([{ name: 'b1', workers: ['w1'], connected: ['w1'], properties: { who: ['ann', 'Change'] } }, { name: 'b2' }])
  expect((await api.db.pool.query('SELECT 1 FROM changes UNION ALL SELECT 1 FROM buildsets')).rows).toEqual([])
})

test('a change that is none is refused with the reason', async () => {
  await expect(yard.plan({ files: 'a.c' } as object)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('files') })
  await expect(yard.plan({ brnch: 'main' } as object)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('brnch') })
  api.setGeneration(null)
  await expect(yard.plan({})).rejects.toMatchObject({ status: 409 })
  api.setGeneration({ id: api.generationId, configuration })
})
