import { transaction } from '@yardmaster/db'
import { sweepArtifacts } from '@yardmaster/db/verbs/sweep-artifacts'
import { FAILURE, SUCCESS } from '@yardmaster/domain'
import { createYardClient } from '@yardmaster/rest'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { aBuilder, aConfiguration } from '../../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../../testing/api.js'
import { connectWorker, finish, request, start, type Started } from '../../testing/builds.js'

let api: TestApi
let worker: Awaited<ReturnType<typeof connectWorker>>
beforeAll(async () => {
  api = await startApi(aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false }), aBuilder('a b')] }))
  worker = await connectWorker(api, 'w1')
})
afterAll(() => api?.close())
// The worker builds one at a time.
beforeEach(() => api.db.pool.query('DELETE FROM builds'))

const content = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 256))
const sha256 = createHash('sha256').update(content).digest('hex')
const aBuild = async (builder = 'b1') => start(api, await request(api, builder), { worker })

let effect = 0
async function upload({ buildId }: Started, name: string, { whole = true, expires = null }: { whole?: boolean; expires?: string | null } = {}): Promise<number> {
  const { rows: [row] } = await api.db.pool.query<{ id: number }>(
    `INSERT INTO artifacts (build_id, step_number, effect, name, size, sha256, expires_at) VALUES ($1, 1, $2, $3, $4, $5, now() + $6::interval) RETURNING id`,
    [buildId, ++effect, name, content.length, whole ? sha256 : null, expires])
  for (const at of [0, 300, 600]) await api.db.pool.query('INSERT INTO artifact_chunks (artifact_id, at, content) VALUES ($1, $2, $3)', [row!.id, at, content.subarray(at, at === 600 ? 1000 : at + 300)])
  return row!.id
}
const get = async (path: string, headers: { [name: string]: string } = {}) => {
  const response = await fetch(`${api.url}/api/yard/v1/${path}`, { headers, redirect: 'manual' })
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) }
}

it('tells those of a build that are whole, the last of each name', async () => {
  const build = await aBuild()
  const yard = createYardClient({ baseUrl: api.url })
  expect(await yard.artifacts(build.buildId)).toEqual([])
  await upload(build, 'dist/app & more.bin')
  const again = await upload(build, 'dist/app & more.bin')
  await upload(build, 'broken', { whole: false })
  await upload(build, 'over', { expires: '-1 second' })
  const report = await upload(build, 'report.xml', { expires: '1 day' })
  expect(await yard.artifacts(build.buildId)).toEqual([
    { id: again, buildid: build.buildId, name: 'dist/app & more.bin', size: 1000, sha256, step: { number: 1, name: 'test' }, uploadedAt: expect.any(Number), expiresAt: null, url: `http://127.0.0.1:8010/api/yard/v1/builds/${build.buildId}/artifacts/dist/app%20%26%20more.bin` },
    expect.objectContaining({ id: report, name: 'report.xml', expiresAt: expect.any(Number) }),
  ])
  await expect(yard.artifacts(4711)).rejects.toMatchObject({ status: 404 })
})

it('sends them whole, in part, or not again', async () => {
  const build = await aBuild()
  await upload(build, 'dist/app & more.bin')
  const path = `builds/${build.buildId}/artifacts/dist/app%20%26%20more.bin`
  const whole = await get(path)
  expect(await get(path, { range: 'lines=0-3' })).toMatchObject({ status: 200 })
  expect(whole.bytes.equals(content)).toBe(true)
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'content-length': '1000', 'content-type': 'application/octet-stream', 'content-disposition': 'attachment; filename="app & more.bin"', 'content-security-policy': 'sandbox', etag: `"${sha256}"`, 'x-content-type-options': 'nosniff',
  })
  for (const [range, from, to] of [['bytes=0-0', 0, 0], ['bytes=299-300', 299, 300], ['bytes=250-650', 250, 650], ['bytes=990-', 990, 999], ['bytes=-10', 990, 999]] as const) {
    const part = await get(path, { range })
    expect([part.status, part.headers.get('content-range'), part.bytes.equals(content.subarray(from, to + 1))]).toEqual([206, `bytes ${from}-${to}/1000`, true])
  }
  expect(await get(path, { range: 'bytes=1000-' })).toMatchObject({ status: 416 })
  expect(await get(path, { range: 'bytes=0-1', 'if-range': '"another"' })).toMatchObject({ status: 200 })
  expect(await get(path, { 'if-none-match': `"${sha256}"` })).toMatchObject({ status: 304, bytes: Buffer.alloc(0) })
  expect((await get(`builds/${build.buildId}/artifacts/absent`)).status).toBe(404)
})

it('finds the newest of a builder that came of a success', async () => {
  const ended = async (result: typeof SUCCESS | typeof FAILURE) => {
    const build = await aBuild('a b')
    await upload(build, 'sub/app')
    await finish(api, build, result)
    return build
  }
  const older = await ended(SUCCESS)
  await ended(FAILURE)
  expect((await get('builders/a%20b/artifacts/sub/app')).headers.get('location')).toBe(`/api/yard/v1/builds/${older.buildId}/artifacts/sub/app`)
  expect((await get('builders/a%20b/artifacts/none')).status).toBe(404)
})

it('are removed when their time is over, and what was not finished when its build has ended', async () => {
  const build = await aBuild()
  const kept = [await upload(build, 'kept'), await upload(build, 'for a while', { expires: '1 hour' }), await upload(build, 'under way', { whole: false }), await upload(build, 'slow', { whole: false, expires: '-1 second' })]
  await upload(build, 'over', { expires: '-1 second' })
  const left = async () => {
    await transaction(api.db, null, tx => sweepArtifacts(tx, { limit: 10 }))
    return (await api.db.pool.query<{ id: number }>('SELECT id FROM artifacts ORDER BY id')).rows.map(({ id }) => id)
  }
  expect(await left()).toEqual(kept)
  await finish(api, build, SUCCESS)
  expect(await left()).toEqual(kept.slice(0, 2))
  expect((await api.db.pool.query('SELECT DISTINCT artifact_id FROM artifact_chunks')).rowCount).toBe(2)
})
