import { transaction } from '@yardmaster/db'
import { activateGeneration } from '@yardmaster/db/verbs/activate-generation'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aBuilder, aConfiguration, bringGeneration } from '../../../../test/kit/installation.js'
import { statementsOf } from '../../../../test/kit/query-plans.js'
import { startApi, type TestApi } from '../testing/api.js'

const many = (count: number) => aConfiguration({ builders: Array.from({ length: count }, (_, index) => aBuilder(`b${index}`)) })

let api: TestApi
beforeAll(async () => { api = await startApi(many(200)) })
afterAll(() => api?.close())

const readsOfBuilders = async (work: () => Promise<unknown>) =>
  (await statementsOf(api.db.pool, async () => { await work() })).filter(({ text }) => text.includes('FROM builders')).length

it('builders are read once for all who ask, until a configuration is activated or an engine ends', async () => {
  expect(await readsOfBuilders(() => api.get('/api/v2/builders'))).toBe(1)
  expect(await readsOfBuilders(() => Promise.all(Array.from({ length: 20 }, () => api.get('/api/v2/builders'))))).toBe(0)
  expect(await api.rows('builders')).toHaveLength(200)
  await bringGeneration(api.db, many(201), 'second')
  expect(await api.rows('builders')).toHaveLength(201)
  expect((await api.rows('builders'))[0]).toMatchObject({ masterids: [api.replicaId] })
  await api.db.pool.query(`UPDATE replicas SET state = 'dead' WHERE id = $1`, [api.replicaId])
  expect((await api.rows('builders'))[0]).toMatchObject({ masterids: [] })
  await api.db.pool.query(`UPDATE replicas SET state = 'alive' WHERE id = $1`, [api.replicaId])
})

it('each form of the answer is its own', async () => {
  expect((await api.get('/api/v2/builders?name=b7')).body).toMatchObject({ builders: [{ name: 'b7' }], meta: { total: 1 } })
  expect((await api.get('/api/v2/builders?limit=2&field=name')).body).toEqual({ builders: [{ name: 'b0' }, { name: 'b1' }], meta: { total: 201 } })
  expect((await api.get('/api/v2/builders?limit=1', { accept: 'text/html' })).text).toContain('{\n  "builders": [\n')
})

it('is compressed once, and not sent again to who has it', async () => {
  const plain = await api.get('/api/v2/builders', { accept: 'application/json', 'accept-encoding': 'identity' })
  expect(plain.headers.get('content-encoding')).toBeNull()
  const packed = await api.get('/api/v2/builders', { accept: 'application/json', 'accept-encoding': 'gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('vary')?.toLowerCase()).toContain('accept-encoding')
  expect(packed.body).toEqual(plain.body)
  // Otherwise fetch says on its own that nothing kept may be used.
  const again = await api.get('/api/v2/builders', { accept: 'application/json', 'cache-control': 'max-age=0', 'if-none-match': plain.headers.get('etag') ?? '' })
  expect(again).toMatchObject({ status: 304, text: '' })
})

it('an activation that fails changes nothing, and is not remembered', async () => {
  const before = await api.rows('builders')
  await expect(transaction(api.db, null, async tx => {
    await activateGeneration(tx, { set: 'main', digest: 'third', code: '', configuration: many(3) })
    throw new Error('the process died')
  })).rejects.toThrow('the process died')
  expect(await api.rows('builders')).toEqual(before)
})
