import { transaction } from '@yardmaster/db'
import { registerReplica } from '@yardmaster/db/verbs/register-replica'
import { requestDrain, sealDrain, STOPPING } from '@yardmaster/db/verbs/request-drain'
import { createYardClient, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(aConfiguration({}))
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())

const registered = (role: string) => transaction(api.db, null, tx => registerReplica(tx, { role, name: `here:${role}`, host: 'here', pid: 7, softwareVersion: '0' }))

it('a drain is asked for, seen, changed and taken back, and who did it is kept', async () => {
  const id = await registered('engine')
  const asked = await yard.drain(id, { deadline: 600 })
  expect(asked).toMatchObject({ id, role: 'engine', host: 'here', state: 'alive', workers: 0, builds: 0, draining: { actor: 'user:anonymous' } })
  expect(asked.draining!.deadline! - asked.draining!.since).toBeCloseTo(600, 0)
  expect((await yard.drain(id)).draining).toMatchObject({ since: asked.draining!.since, deadline: null })
  expect((await yard.replicas()).find(replica => replica.id === id)!.draining).not.toBeNull()
  expect((await yard.cancelDrain(id)).draining).toBeNull()
  const { rows } = await api.db.pool.query('SELECT actor, action, parameters FROM control_actions WHERE thing = $1 AND thing_id = $2 ORDER BY id', ['replicas', id])
  expect(rows).toEqual([
    { actor: 'user:anonymous', action: 'drain', parameters: { deadline: 600 } }, { actor: 'user:anonymous', action: 'drain', parameters: {} }, { actor: 'user:anonymous', action: 'cancelDrain', parameters: {} },
  ])
})

it('refuses what cannot be', async () => {
  const [engine, scheduler] = [await registered('engine'), await registered('scheduler')]
  await expect(yard.drain(4711)).rejects.toMatchObject({ status: 404 })
  await expect(yard.drain(scheduler)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('only engines drain') })
  await expect(yard.cancelDrain(engine)).rejects.toMatchObject({ status: 409, message: `engine ${engine} does not drain` })
  await expect(yard.drain(engine, { deadline: -1 })).rejects.toMatchObject({ status: 400 })
  const post = (body: string, type: string, headers = {}) => fetch(`${api.url}/api/yard/v1/replicas/${engine}/drain`, { method: 'POST', body, headers: { 'content-type': type, ...headers } })
  expect((await post('{}', 'text/plain')).status).toBe(415)
  expect((await post('{', 'application/json')).status).toBe(400)
  expect((await post('{"deadlin":1}', 'application/json')).status).toBe(400)
  expect((await post('{}', 'application/json', { origin: 'http://evil.example' })).status).toBe(400)
  expect((await fetch(`${api.url}/api/yard/v1/nonsense`)).status).toBe(404)
  expect((await yard.replica(engine)).draining).toBeNull()
})

it('a process that stops for itself cannot be called back, and keeps the nearer deadline', async () => {
  const id = await registered('engine')
  await yard.drain(id, { deadline: 5 })
  await transaction(api.db, null, tx => requestDrain(tx, { replicaId: id, actor: STOPPING, deadlineSeconds: 600 }))
  const { draining } = await yard.replica(id)
  expect(draining!.deadline! - draining!.since).toBeCloseTo(5, 0)
  await expect(yard.cancelDrain(id)).rejects.toMatchObject({ status: 409, message: expect.stringContaining('cannot be undone') })
})

it('of a drain that is done and its cancellation, one wins', async () => {
  const id = await registered('engine')
  await yard.drain(id)
  const seal = () => transaction(api.db, null, tx => sealDrain(tx, { replicaId: id }))
  const [sealed, cancelled] = await Promise.all([seal(), yard.cancelDrain(id).then(() => true, () => false)])
  expect([sealed, cancelled].filter(Boolean)).toHaveLength(1)
})
