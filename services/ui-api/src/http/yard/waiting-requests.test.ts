import { transaction } from '@yardmaster/db'
import { passOverRequests } from '@yardmaster/db/verbs/pass-over-requests'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { request } from '../../testing/builds.js'

let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(aConfiguration({ builders: [aBuilder('b1'), aBuilder('b2')] }))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())

it('what pending requests wait for', async () => {
  const [one, two] = [await request(api, 'b1'), await request(api, 'b2')]
  expect(await yard.waitingRequests()).toEqual([])
  expect(await yard.waitingRequest(two.requestId)).toMatchObject({ builder: 'b2', waitsFor: null, notBefore: null })
  await transaction(api.db, null, tx => passOverRequests(tx, [
    { requestId: one.requestId, waitsFor: 'worker w1 is busy' }, { requestId: two.requestId, waitsFor: 'not at night', notForSeconds: 60 }]))
  expect(await yard.waitingRequests()).toEqual([
    { id: one.requestId, builderid: one.builderId, builder: 'b1', hold: null, buildsetid: one.buildsetId, priority: 0, submittedAt: expect.any(Number), waitsFor: 'worker w1 is busy', notBefore: null },
    expect.objectContaining({ id: two.requestId, waitsFor: 'not at night', notBefore: expect.any(Number) }),
  ])
  await expect(yard.waitingRequest(4711)).rejects.toThrow('there is no pending build request 4711')
})

it('is moved, released and cancelled, each with its record', async () => {
  const [first, second] = [await request(api, 'b1', { properties: { n: [1, 'Force'] } }), await request(api, 'b1', { properties: { n: [2, 'Force'] } })]
  expect(await yard.setPriority(second.requestId, 7)).toMatchObject({ id: second.requestId, priority: 7 })
  await expect(yard.releaseRequest(first.requestId)).rejects.toMatchObject({ status: 409 })
  await api.db.pool.query(`UPDATE build_requests SET hold = 'worker' WHERE id = $1`, [first.requestId])
  expect((await yard.waitingRequests()).find(row => row.id === first.requestId)).toMatchObject({ hold: 'worker' })
  expect(await yard.releaseRequest(first.requestId)).toMatchObject({ hold: null })
  expect(await yard.cancelRequest(first.requestId, { reason: 'wrong' })).toEqual({ cancelled: 1, stopping: 0 })
  await expect(yard.cancelRequest(first.requestId)).rejects.toMatchObject({ status: 409 })
  await expect(yard.setPriority(first.requestId, 1)).rejects.toMatchObject({ status: 404 })
  expect(await yard.cancelBuildset(second.buildsetId)).toEqual({ cancelled: 1, stopping: 0 })
  expect(await yard.cancelBuildset(second.buildsetId)).toEqual({ cancelled: 0, stopping: 0 })
  await expect(yard.cancelBuildset(4711)).rejects.toMatchObject({ status: 404 })
  const { rows } = await api.db.pool.query(`SELECT action, thing, thing_id AS id, parameters FROM control_actions a ORDER BY a.id`)
  expect(rows.slice(0, 4)).toEqual([
    { action: 'set_priority', thing: 'build_requests', id: second.requestId, parameters: { priority: 7 } }, { action: 'release', thing: 'build_requests', id: first.requestId, parameters: {} },
    { action: 'cancel', thing: 'build_requests', id: first.requestId, parameters: { reason: 'wrong' } }, { action: 'cancel', thing: 'buildsets', id: second.buildsetId, parameters: { reason: 'no reason' } }])
})
