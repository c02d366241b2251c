import { transaction } from '@yardmaster/db'
import { passOverRequests } from '@yardmaster/db/verbs/pass-over-requests'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { request } from '../../testing/builds.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration({ builders: [aBuilder('b1'), aBuilder('b2')] })) })
afterAll(() => api?.close())

it('what pending requests wait for', async () => {
  const yard = createYardClient({ baseUrl: api.url })
  const [one, two] = [await request(api, 'b1'), await request(api, 'b2')]
  expect(await yard.waitingRequests()).toEqual([])
  expect(await yard.waitingRequest(two.requestId)).toMatchObject({ builder: 'b2', waitsFor: null, notBefore: null })
  await transaction(api.db, null, tx => passOverRequests(tx, [
    { requestId: one.requestId, waitsFor: 'worker w1 is busy' }, { requestId: two.requestId, waitsFor: 'not at night', notForSeconds: 60 }]))
  expect(await yard.waitingRequests()).toEqual([
    { id: one.requestId, builderid: one.builderId, builder: 'b1', buildsetid: one.buildsetId, priority: 0, submittedAt: expect.any(Number), waitsFor: 'worker w1 is busy', notBefore: null },
    expect.objectContaining({ id: two.requestId, waitsFor: 'not at night', notBefore: expect.any(Number) }),
  ])
  await expect(yard.waitingRequest(4711)).rejects.toThrow('there is no pending build request 4711')
})
