import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration } from '../../../../../test/kit/installation.js'
import { fillLargeDatabase, type LargeDatabase } from '../../../../../test/kit/large-database.js'
import { growingTables, statementsOf, workOf, type Statement } from '../../../../../test/kit/query-plans.js'
import { startApi, type TestApi } from '../../testing/api.js'
import type { Endpoint } from './endpoint.js'
import { endpoints } from './index.js'

/**
 * From 20,000 builds on, of 400 builders, the planner goes the same ways as with a million of 4,000: tables are large enough that a scan costs more
 * than any index that serves. `YARD_TEST_BUILDS=1000000` shows it.
 */
const builds = Number(process.env.YARD_TEST_BUILDS ?? 20_000)
const small = builds < 1_000_000

/** What one answer may cost of tables that grow without end, whatever is in them. */
const mostRead = 5_000
const mostSorted = 3_000
/** A count that is not exact beyond this reads and sorts no more. */
const mostCounted = 10_001
/** A page of our lists looks at 5,000 rows at most, and for what stands in other tables at theirs; where a builder has not many more, all are sorted instead. */
const mostInWindow = 15_100
/** Requests that wait: the queue is as long as it is, and what tells of it counts it. */
const queue = Math.min(Math.ceil(builds / 20), 25_000)

let api: TestApi
let filled: LargeDatabase
let growing: Set<string>

beforeAll(async () => {
  api = await startApi(aConfiguration())
  filled = await fillLargeDatabase(api.databaseUrl, { builds, ...(small ? { builders: 400, workers: 50, logLines: 50_000 } : {}) })
  growing = await growingTables(api.db.pool)
})
afterAll(() => api?.close())

const isRead = ({ text }: Statement) => /^\s*(SELECT|WITH)\b/i.test(text)
const isCount = ({ text }: Statement) => text.includes(') AS counted')
/** Done by each process once in ten minutes (`count-table.ts`). */
const isWholeCount = ({ text }: Statement) => /^SELECT count\(\*\) AS count FROM \w+ WHERE id > \$1 AND id <= \$2$/.test(text)

type Bounds = { most?: number; sorted?: number }

/** What is wrong with the queries behind this path, in words. */
async function faultsOf(path: string, { most = mostRead, sorted = mostSorted }: Bounds = {}): Promise<string[]> {
  let status = 0
  const asked = await statementsOf(api.db.pool, async () => { ({ status } = await api.get(path)) })
  const faults = status === 200 ? [] : [`${path}: ${status}`]
  for (const statement of asked.filter(one => isRead(one) && !isWholeCount(one))) {
    const { scanned, rowsRead, rowsSorted } = await workOf(api.db.pool, statement, growing)
    const allowed = isCount(statement) ? mostCounted * 2 : most
    if (scanned.length > 0) faults.push(`${path}: scans ${scanned.join(', ')}: ${statement.text}`)
    if (rowsRead > allowed) faults.push(`${path}: reads ${rowsRead} rows: ${statement.text}`)
    if (rowsSorted > (isCount(statement) ? mostCounted : sorted)) faults.push(`${path}: sorts ${rowsSorted} rows: ${statement.text}`)
  }
  return faults
}

async function faultsOfAll(paths: readonly string[], bounds: Bounds = {}): Promise<string[]> {
  const faults: string[] = []
  for (const path of paths) faults.push(...await faultsOf(path, bounds))
  return faults
}

const several = (name: string, ids: readonly number[]) => ids.map(id => `${name}=${id}`).join('&')
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)

it('what pages and the command line ask reads little, and scans nothing', async () => {
  const { busiestBuilder: builder, log } = filled
  const build = builds - 1_000
  const request = builds - 2_000
  const { rows: [middle] } = await api.db.pool.query<{ buildset: number; change: number; number: number }>(
    `SELECT r.buildset_id AS buildset, (SELECT max(id) - 100 FROM changes) AS change, b.number FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE b.builder_id = $1 ORDER BY b.number DESC LIMIT 1 OFFSET 200`, [builder])
  const { buildset, change, number } = middle!
  const quiet = several('builderid', range(small ? 360 : 3_900, 24))
  const paths = [
    // Lists of builds: home, builders, builder, worker, waterfall, grid, masters.
    'builds?limit=50', 'builds?limit=50&order=-buildid&property=*', 'builds?complete=false&order=-started_at', 'builds?order=-buildid&complete=true&limit=20', 'builds?limit=100&order=-started_at&property=owners&property=workername',
    'builds?limit=200&order=-buildrequestid', 'builds?limit=50&offset=3000', `builds?limit=200&order=-started_at&${quiet}&property=branch`, `builds?limit=96&order=-buildid&${quiet}`, `builds?limit=50&order=-number&builderid=${builder}`, `builds?limit=200&offset=2000&order=-number&builderid=${builder}&property=*`, `builds?builderid=${builder}&number__eq=${number}`,
    `builds?builderid=${builder}&number__eq=${number - 1}&number__eq=${number}&number__eq=${number + 1}`, `builds?order=-buildid&limit=50&workerid=5`, `builds?order=-buildid&limit=100&${several('workerid', range(3, 20))}`,
    `builders/${builder}/builds?order=-number&limit=50`, `builders/${builder}/builds?number__gt=${number}&order=number&limit=1`, `builders/${builder}/builds?order=-number&limit=50&complete=true`, 'workers/5/builds?order=-buildid&limit=50', `changes/${change}/builds?limit=50`,
    'builds?results=4&order=-buildid&limit=50', 'builds?results=9&limit=50', 'builds?order=-complete_at&limit=20',
    // One build.
    `builds/${build}`, `builds/${build}?property=*`, `builders/${builder}/builds/${number}`, `builds/${build}/properties`, `builds/${build}/property_list`, `builds/${build}/steps?order=number`, `builds/${build}/changes`, `builders/${builder}/builds/${number}/changes`,
    `builds/${build}/triggered_builds`, `builds/${build}/data`, `builds/${build}/test_result_sets`, `steps/${log.id}`, `steps/${log.id}/logs`, `builders/${builder}/builds/${number}/steps/2/logs/stdio`, `logs/${log.id}`,
    `logs/${log.id}/contents?offset=0&limit=500`, `logs/${log.id}/contents?offset=${log.lines - 700}&limit=500`,
    // Requests and buildsets.
    'buildrequests?limit=50', 'buildrequests?order=-submitted_at&limit=200', 'buildrequests?order=-priority&order=-submitted_at&claimed=false&limit=50', 'buildrequests?complete=false&claimed=false&order=buildrequestid&limit=1000', `buildrequests?builderid=${builder}&claimed=false`,
    `buildrequests?${quiet}&claimed=false&order=-priority&order=-submitted_at&limit=50`, `buildrequests?buildsetid=${buildset}&limit=1&order=-buildsetid`, `buildrequests?${several('buildrequestid', range(request, 50))}`, `buildrequests/${request}`, `buildrequests/${request}/builds`, `builders/${builder}/buildrequests?limit=50`, `builders/${builder}/buildrequests?complete=false&claimed=false&order=buildrequestid&limit=5000`,
    'buildsets?order=-submitted_at&limit=200', 'buildsets?order=-bsid&limit=200', 'buildsets?complete=false&limit=200', `buildsets?rebuilt_buildid=${build}&bsid__gt=${buildset}&limit=1&order=-bsid`, `buildsets/${buildset}`, `buildsets/${buildset}/properties`, `buildsets/${buildset}/sourcestamps`, `buildsets?${several('bsid', range(buildset - 60, 50))}`, `buildsets?parent_buildid=${build}`,
    // Changes.
    'changes?order=-changeid&limit=50', 'changes?revision=abc&revision=def&order=-changeid&limit=500', 'changes?project__eq=project-3&order=-changeid&limit=50', 'changes?branch=feature/3&order=-changeid&limit=50', `changes/${change}`, 'sourcestamps?limit=50', 'sourcestamps?revision=abc', 'sourcestamps/5', 'sourcestamps/5/changes',
    // What is configured.
    'builders', 'builders?order=name', `builders/${builder}`, 'builders/tests-debian-12-5', `builders/${builder}/workers?order=name`, `builders/${builder}/masters`, `builders/${builder}/forceschedulers`, 'masters', 'masters/1/builders', 'projects?active=true', 'workers?order=name', 'workers/5', 'workers/5/builders?order=name', 'schedulers?order=name', 'changesources', 'forceschedulers',
  ]
  const faults = await faultsOfAll(paths.map(path => `/api/v2/${path}`))
  expect(faults.filter(fault => !isLongQueue(fault))).toEqual([])
})

/** The queue is as long as it is: of all that wait, those that are to be built first are the first of a sort. */
const isLongQueue = (fault: string) => /^\S+\/buildrequests\?\S*claimed=false\S*: (reads|sorts)/.test(fault)

it('our own API reads little, and scans nothing', async () => {
  const build = builds - 1_000
  const paths = ['buildrequests', `builds/${build}/cost`, `builds/${build}/rebuild`, 'changesources', 'deliveries?limit=50', 'instances?limit=50', 'instances?open=true&limit=50',
    'builds?limit=50', 'builds?limit=50&before=200', `builds?limit=50&builder=${filled.busiestBuilder}`, 'builds?limit=50&worker=worker-3', 'builds?limit=50&project=project-3', 'builds?limit=50&results=4', 'builds?limit=50&results=5,6&builder=3', 'builds?limit=50&state=running',
    'builds?limit=50&revision=abcdef', 'builds?limit=50&branch=feature/3', 'builds?limit=50&owner=nobody', 'buildrequests?limit=50', 'buildrequests?limit=50&state=pending', 'buildrequests?limit=50&before=200', 'changes?limit=50', 'changes?limit=50&before=200', 'changes?limit=50&author=nobody', 'changes?limit=50&branch=feature/3',
    'builders?limit=50', 'builders?limit=50&name=debian', 'search?q=tests-debian', 'search?q=abcdef', 'search?q=%234711', 'search?q=tests-debian-12-5%20%232', 'search?q=Author%2012', 'search?q=feature',
    'locks', 'notifications?limit=50', 'notifications?state=unknown,refused,gave_up&limit=50', `notifications?build=${build}&limit=50`, 'replicas', 'schedulers', 'workers', 'workers/worker-3']
  const ofQueue = ['counts', 'explain', `explain/builders/${filled.busiestBuilder}`, `explain/requests/${builds + 50}`, 'pools']
  const faults = await faultsOfAll(paths.map(path => `/api/yard/v1/${path}`), { most: mostInWindow, sorted: mostInWindow })
  expect([...faults, ...await faultsOfAll(ofQueue.map(path => `/api/yard/v1/${path}`), { most: queue + mostRead })]).toEqual([])
})

it('the last page of our lists reads no more than the first', async () => {
  const rowsRead = async (path: string) => {
    const asked = await statementsOf(api.db.pool, async () => { expect((await api.get(path)).status, path).toBe(200) })
    const works = await Promise.all(asked.filter(isRead).map(statement => workOf(api.db.pool, statement, growing)))
    return works.reduce((sum, work) => sum + work.rowsRead, 0)
  }
  for (const list of ['builds', 'buildrequests', 'changes']) {
    expect(await rowsRead(`/api/yard/v1/${list}?limit=50&before=120`), list).toBeLessThanOrEqual((await rowsRead(`/api/yard/v1/${list}?limit=50`)) * 1.2)
  }
})

/** Collections at the root whose table grows without end, by the fields that an index serves: see `grows` and `indexed` of its resource. */
const byField: { [path: string]: readonly string[] } = {
  '/builds': ['buildid', 'builderid', 'buildrequestid', 'workerid', 'started_at', 'complete', 'complete_at', 'results'],
  '/buildrequests': ['buildrequestid', 'buildsetid', 'builderid', 'claimed', 'complete'],
  '/buildsets': ['bsid', 'rebuilt_buildid', 'parent_buildid', 'complete'],
  '/changes': ['changeid', 'author', 'branch', 'revision', 'repository', 'project'],
  '/sourcestamps': ['ssid', 'revision'],
}

it.each(Object.entries(byField))('%s: each filter by an indexed field reads little', async (path, fields) => {
  const { type } = endpoints.find((endpoint: Endpoint) => endpoint.path === path)!
  const [newest] = await api.rows(`${path.slice(1)}?order=-${fields[0]}&limit=1&offset=450`)
  const paths = fields.flatMap(field => {
    const value = newest?.[field] ?? 'nothing'
    const filter = `${field}=${encodeURIComponent(String(type.fields[field]?.kind === 'integer' && typeof value !== 'number' ? 7 : value))}`
    return [`${path}?${filter}&limit=50`, `${path}?${filter}&limit=50&order=-${fields[0]}`]
  })
  const ranges = fields.filter(field => field.endsWith('_at') || field === fields[0]).flatMap(field => [`${path}?${field}__ge=${Number(newest?.[field] ?? 0)}&limit=50`, `${path}?${field}__ge=${Number(newest?.[field] ?? 0)}&limit=50&order=-${field}`])
  expect(await faultsOfAll([...paths, ...ranges].map(each => `/api/v2${each}`))).toEqual([])
})

it('what no index serves, or two of which each has many rows, is asked in a lane of its own', async () => {
  const builder = filled.busiestBuilder
  const paths = [
    'builds?order=results', 'builds?order=complete', 'changes?order=-author', 'buildsets?order=rebuilt_buildid', 'builds?results=2&workerid=1', 'builds?results=2&order=-complete_at', 'changes?branch=main&project=project-3',
    `builders/${builder}/builds?workerid=1&workerid=2`, `builders/${builder}/builds?results=2`, `builds?builderid=${builder}&workerid=1&number__lt=9&order=-number`, 'workers/5/builds?complete_at__gt=5',
  ]
  const asked = await statementsOf(api.db.pool, async () => {
    expect((await api.get('/api/v2/builds?state_string__contains=nothing&limit=5')).body).toMatchObject({ builds: [], meta: { total: 0 } })
    for (const path of paths) expect((await api.get(`/api/v2/${path}&limit=5`)).status, path).toBe(200)
  })
  expect(asked.map(({ text }) => text).filter(text => /FROM (builds|changes|buildsets)\b/.test(text) && !/count\(\*\).* WHERE id >|max\(id\)/.test(text))).toEqual([])
})

it('totals are exact however many there are', async () => {
  const total = async (path: string) => (await api.get(`/api/v2/${path}`)).body.meta
  const count = async (sql: string) => (await api.db.pool.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${sql}`)).rows[0]
  for (const [path, table] of [['builds', 'builds'], ['buildrequests', 'build_requests'], ['buildsets', 'buildsets'], ['changes', 'changes'], ['sourcestamps', 'sourcestamps']] as const) {
    expect(await total(`${path}?limit=5`), path).toEqual(await count(table))
  }
  expect(await total(`builders/${filled.busiestBuilder}/builds?limit=5`)).toEqual(await count(`builds WHERE builder_id = ${filled.busiestBuilder}`))
  expect(await total('builds?complete=true&limit=5')).toEqual(await count('builds WHERE complete_at IS NOT NULL'))
  await api.db.pool.query(`INSERT INTO buildsets (reason, actor, generation_id, remaining) SELECT 'one more', 'system:test', min(id), 0 FROM generations`)
  expect(await total('buildsets?limit=5')).toEqual(await count('buildsets'))
})

it('builds whose transactions overtook each other are found by their time too', async () => {
  const start = 4_000_000_000
  const { rows } = await api.db.pool.query<{ id: number }>(
    `UPDATE builds SET started_at = to_timestamp($1) + make_interval(secs => 20 - id % 2 * 10) WHERE id IN (SELECT id FROM builds ORDER BY id DESC LIMIT 2) RETURNING id`, [start])
  const found = rows.map(({ id }) => id).sort((a, b) => a - b)
  const idsOf = async (filter: string) => (await api.rows(`builds?${filter}&order=buildid`)).map(({ buildid }) => buildid)
  expect(await idsOf(`started_at__ge=${start}`)).toEqual(found)
  expect(await idsOf(`started_at__ge=${start + 20}`)).toHaveLength(1)
  expect(await idsOf(`started_at__gt=${start - 5_000}&started_at__le=${start + 10}`)).toHaveLength(1)
})

it('no index is a hash: a row would take longer to add the more have the same value', async () => {
  const { rows } = await api.db.pool.query(`SELECT c.relname FROM pg_class c JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'hash'`)
  expect(rows).toEqual([])
})
