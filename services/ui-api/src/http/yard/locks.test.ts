import { transaction } from '@yardmaster/db'
import { takeLocks } from '@yardmaster/db/verbs/take-locks'
import type { LockUse } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, request, start } from '../../testing/builds.js'

let api: TestApi
beforeAll(async () => { api = await startApi(aConfiguration({ workers: [aWorker('w1'), aWorker('w2')], builders: [aBuilder('b1'), aBuilder('b2', { workers: ['w2'] })] })) })
afterAll(() => api?.close())

it('each lock in use, with its holders and its queue', async () => {
  const yard = createYardClient({ baseUrl: api.url })
  expect(await yard.locks()).toEqual([])
  const take = async (builder: string, worker: string, uses: (workerId: number) => LockUse[]) => {
    const session = await connectWorker(api, worker)
    const build = await start(api, await request(api, builder), { worker: session })
    const ask = { session: { workerId: session.workerId, number: session.sessionNumber, opening: null, processId: 'p' }, buildId: build.buildId, step: 1, generationId: api.generationId, uses: uses(session.workerId) }
    await transaction(api.db, null, tx => takeLocks(tx, api.replicaId, [ask]))
    return build.buildId
  }
  const disk = { key: 'cluster:disk', name: 'disk', mode: 'exclusive', count: 1, maxCount: 2 } as const
  const one = await take('b1', 'w1', id => [disk, { ...disk, key: `worker:${id}:room`, name: 'room', mode: 'counting', maxCount: 3 }])
  const two = await take('b2', 'w2', () => [disk])
  const user = { mode: 'exclusive', count: 1, number: 1, step: { number: 1, name: 'test' }, since: expect.any(Number) }
  const holder = { ...user, buildid: one, builder: 'b1', builderid: 1 }
  expect(await yard.locks()).toEqual([
    { name: 'disk', worker: null, maxCount: 2, holders: [holder], waiters: [{ ...user, buildid: two, builder: 'b2', builderid: 2 }] },
    { name: 'room', worker: 'w1', maxCount: 3, holders: [{ ...holder, mode: 'counting' }], waiters: [] },
  ])
})
