import { createYardClient, routes, type YardClient } from '@yardmaster/rest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { fillLargeDatabase } from '../../../../../test/kit/large-database.js'
import { startApi, type TestApi } from '../../testing/api.js'

let api: TestApi
let yard: YardClient
beforeAll(async () => {
  api = await startApi(aConfiguration())
  await fillLargeDatabase(api.databaseUrl, { builds: 12_000, builders: 100, workers: 20, logLines: 10, slim: true })
  yard = createYardClient({ baseUrl: api.url })
})
afterAll(() => api?.close())

const idsOf = async (query: string, values: unknown[] = []) => (await api.db.pool.query<{ id: number }>(query, values)).rows.map(({ id }) => id)
type Query = Parameters<typeof yard.call<typeof routes.lists.builds>>[1]['query']

/** Of all pages, and how many there were. */
async function walk(query: Query): Promise<{ ids: number[]; pages: number }> {
  const ids: number[] = []
  let pages = 0
  for await (const { builds } of yard.pages(routes.lists.builds, { query })) {
    ids.push(...builds.map(({ id }) => id))
    pages++
  }
  return { ids, pages }
}

it('has all builds, page by page, each once, the newest first', async () => {
  const all = await idsOf('SELECT id FROM builds ORDER BY id DESC')
  expect(all.length).toBeGreaterThan(11_000)
  expect((await walk({ limit: 1_000 })).ids).toEqual(all)
  const { builds: [newest], next } = await yard.call(routes.lists.builds, { query: { limit: 1 } })
  expect(newest).toMatchObject({ id: all[0], builder: expect.any(String) as string, worker: expect.any(String) as string, sources: [expect.objectContaining({ branch: expect.anything() as unknown }) as unknown] })
  expect(next).toBe(all[0])
})

const [someBuilder, someWorker] = ['(SELECT builder_id FROM builds ORDER BY id LIMIT 1)', '(SELECT worker_id FROM builds ORDER BY id LIMIT 1)']

it.each<[string, () => Promise<Query>, string]>([
  ['builder', async () => ({ builder: (await api.db.pool.query<{ name: string }>(`SELECT name FROM builders WHERE id = ${someBuilder}`)).rows[0]!.name }), `builder_id = ${someBuilder}`],
  ['builder and result', async () => ({ builder: String((await idsOf(`SELECT ${someBuilder} AS id`))[0]), results: [2, 4] }), `builder_id = ${someBuilder} AND results IN (2, 4)`],
  ['worker', async () => ({ worker: String((await idsOf(`SELECT ${someWorker} AS id`))[0]), limit: 500 }), `worker_id = ${someWorker}`],
  ['result', () => Promise.resolve({ results: [2], limit: 1000 }), 'results = 2'],
  ['running', () => Promise.resolve({ state: 'running' }), 'complete_at IS NULL'],
  ['finished', () => Promise.resolve({ state: 'finished', limit: 1000 }), 'complete_at IS NOT NULL'],
  ['project', () => Promise.resolve({ project: 'project-1', limit: 1000 }), `project_id = (SELECT id FROM projects WHERE name = 'project-1')`],
  ['branch', () => Promise.resolve({ branch: 'main', limit: 1000 }), `EXISTS (SELECT 1 FROM build_requests r JOIN buildset_sourcestamps bs USING (buildset_id) JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE r.id = builds.build_request_id AND s.branch = 'main')`],
  ['owner', () => Promise.resolve({ owner: 'author7', limit: 1000 }), `properties -> 'owners' -> 0 ->> 0 = 'author7'`],
  ['time', async () => {
    const { rows: [times] } = await api.db.pool.query<{ from: number; to: number }>(`SELECT extract(epoch FROM min(started_at) + (max(started_at) - min(started_at)) * 0.3)::float8 AS from, extract(epoch FROM min(started_at) + (max(started_at) - min(started_at)) * 0.4)::float8 AS to FROM builds`)
    return { ...times, limit: 1000 }
  }, `started_at >= (SELECT min(started_at) + (max(started_at) - min(started_at)) * 0.3 FROM builds) AND started_at < (SELECT min(started_at) + (max(started_at) - min(started_at)) * 0.4 FROM builds)`],
])('finds by %s what there is', async (_, query, condition) => {
  const expected = await idsOf(`SELECT id FROM builds WHERE ${condition} ORDER BY id DESC`)
  const { ids } = await walk(await query())
  expect(ids.length).toBe(expected.length)
  expect(ids).toEqual(expected)
})

it('looks at so many rows for a page and no more: what is rare takes several, of which the most are empty', async () => {
  expect(await yard.call(routes.lists.builds, { query: { owner: 'nobody' } })).toEqual({ builds: [], next: expect.any(Number) as number })
  expect((await walk({ owner: 'nobody' }))).toEqual({ ids: [], pages: 3 })
})

it('lists requests, changes and builders too', async () => {
  const pending = await yard.call(routes.lists.buildrequests, { query: { state: ['pending'], limit: 1_000 } })
  expect(pending.buildrequests.map(({ id }) => id)).toEqual(await idsOf(`SELECT id FROM build_requests WHERE state = 'pending' ORDER BY id DESC LIMIT 1000`))
  const { changes } = await yard.call(routes.lists.changes, { query: { author: 'Author 17 ', limit: 3 } })
  expect(changes).toHaveLength(3)
  expect(changes[0]).toMatchObject({ author: 'Author 17 <author17@example.org>', files: expect.any(Number) as number })
  const names: string[] = []
  for await (const { builders } of yard.pages(routes.lists.builders, { query: { limit: 7 } })) names.push(...builders.map(({ name }) => name))
  expect(names).toEqual((await api.db.pool.query<{ name: string }>('SELECT name FROM builders WHERE active ORDER BY name, id')).rows.map(({ name }) => name))
  const [one] = (await yard.call(routes.lists.builders, { query: { name: names[3]!.toUpperCase() } })).builders
  expect(one).toMatchObject({ name: names[3], last: { number: expect.any(Number) as number } })
})

it('one box finds by number, name, revision, branch and author', async () => {
  const found = async (q: string, limit?: number) => (await yard.call(routes.lists.search, { query: { q, limit } })).hits
  const build = (await yard.call(routes.lists.builds, { query: { limit: 1, state: 'finished' } })).builds[0]!
  const place = `builders/${build.builderId}/builds/${build.number}`
  expect((await found(`${build.builder} #${build.number}`))[0]).toMatchObject({ kind: 'build', id: build.id, place, title: `${build.builder} #${build.number}`, results: build.results })
  expect((await found(`${build.builder}/${build.number}`))[0]).toMatchObject({ kind: 'build', id: build.id })
  expect((await found(`#${build.requestId}`))[0]).toMatchObject({ kind: 'buildrequest', id: build.requestId, place: `buildrequests/${build.requestId}` })
  expect((await found(build.builder.toUpperCase()))[0]).toMatchObject({ kind: 'builder', title: build.builder, place: `builders/${build.builderId}` })
  expect((await found(build.worker))[0]).toMatchObject({ kind: 'worker', title: build.worker })
  expect(await found(build.sources[0]!.revision!.slice(0, 12), 50)).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'build', id: build.id, place })]))
  expect(await found('author 17')).toEqual(expect.arrayContaining([expect.objectContaining({ kind: 'change', detail: expect.stringContaining('Author 17') as string })]))
  expect(await found("100%_\\'; --")).toEqual([])
  expect(await found(' ')).toEqual([])
})
