import { FAILURE, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aScheduler } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { accept, aChange, connectWorker, finish, request, start, writeLog, type Started } from '../testing/builds.js'
import { endpoints } from './resources/index.js'

let api: TestApi
let builds: Started[]
let logid: number

beforeAll(async () => {
  api = await startApi(aConfiguration({
    projects: [{ name: 'hello', slug: 'hello', description: null }],
    builders: [aBuilder('b1', { tags: ['linux', 'fast'], description: 'first', project: 'hello' }), aBuilder('b 2/x', { tags: ['mac'] })],
    schedulers: [aScheduler('all', { builders: ['b1', 'b 2/x'] })],
  }))
  const worker = await connectWorker(api, 'w1')
  for (const revision of ['r1', 'r2', 'r3', 'r4']) await accept(api, aChange(revision))
  const started: Started[] = []
  for (const [revision, results] of [['r1', SUCCESS], ['r3', FAILURE], ['r4', null]] as const) {
    const build = await start(api, await request(api, 'b1', { revision, properties: { scheduler: ['all', 'Scheduler'] } }), { worker, properties: { branch: ['main', 'Build'], n: [7, 'x'] } })
    if (results !== null) await finish(api, build, results)
    started.push(build)
  }
  await request(api, 'b 2/x')
  builds = started
  logid = await writeLog(api, builds[0]!.steps[1]!.id, { lines: ['hstart', 'oone', 'etwo', 'othrée', 'o', 'ofive', 'hend'], chunks: [2, 3, 2] })
})
afterAll(() => api?.close())

/** What this installation has none of. */
const isNowhere = (path: string, kind: string) =>
  kind === 'single' && (['/forceschedulers/', '/changesources/', '/codebases/', '/branches/', '/commits/', '/test_result_sets/', '/data/', '/logchunks'].some(part => path.includes(part)) ||
    (path.startsWith('/masters/') && path.includes('/schedulers/')))

describe('shapes', () => {
  it('every GET path answers objects of its type', async () => {
    const [build] = builds
    const values: { [param: string]: string | number } = {
      masterid: api.replicaId, builder: 'b1', worker: 'w1', projectid: 1, changeid: 1, ssid: 1, bsid: 1, buildrequestid: 1,
      buildid: build!.buildId, number: build!.number, step: 'test', stepid: build!.steps[1]!.id, slug: 'stdio', logid, schedulerid: 1, scheduler: 'none', changesourceid: 1, project: 'hello',
      codebaseid: 1, commitid1: 1, commitid2: 1, commitid: 1, branchid: 1, revision: 'r1', codebasename: 'c', setid: 1, name: 'none',
    }
    for (const { path, type, kind } of endpoints) {
      const url = `/api/v2${path.replaceAll(/:(\w+)/g, (_all, name: string) => String(values[name]))}`
      const { status, body, text } = await api.get(url)
      if (isNowhere(path, kind)) expect(status, url).toBe(404)
      else {
        expect(status, `${url}: ${text}`).toBe(200)
        const rows = body[type.plural]
        expect(Array.isArray(rows) && rows.every(row => type.schema.safeParse(row).success), `${url}: ${text}`).toBe(true)
        if (kind === 'collection') expect(body.meta, url).toEqual({ total: expect.any(Number) })
      }
    }
  })

  it('a build as Buildbot tells it', async () => {
    const [build] = await api.rows(`builds/${builds[0]!.buildId}?property=branch`)
    expect(build).toEqual({
      buildid: builds[0]!.buildId, number: 1, builderid: builds[0]!.builderId, buildrequestid: builds[0]!.requestId, workerid: builds[0]!.workerId, masterid: api.replicaId,
      started_at: expect.any(Number), complete: true, complete_at: expect.any(Number), locks_duration_s: 0, results: 0, state_string: 'done', properties: { branch: ['main', 'Build'] },
    })
    expect(build!.started_at).toBeGreaterThan(1_700_000_000)
    expect(build!.started_at).toBeLessThan(10_000_000_000)
  })

  it('workers, builders and requests know each other', async () => {
    const [worker] = await api.rows('workers/w1')
    const ids = (await api.rows('builders')).map(builder => ({ masterid: api.replicaId, builderid: builder.builderid }))
    expect(worker).toMatchObject({ connected_to: [{ masterid: api.replicaId }], configured_on: ids, workerinfo: { admin: 'me', host: null, access_uri: null, version: null }, paused: false })
    expect(await api.rows('builders/b1')).toMatchObject([{ masterids: [api.replicaId], tags: ['linux', 'fast'], description: 'first' }])
    expect(await api.rows('buildsets/1')).toMatchObject([{ complete: true, results: 0, reason: 'because', sourcestamps: [{ revision: 'r1', patch: null }] }])
  })

  it('answers sorted keys, compact to programs and readable to people', async () => {
    const compact = await api.get('/api/v2/masters')
    expect(compact.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(compact.text).toMatch(/^\{"masters":\[\{"active":true,"last_active":\d+,"masterid":\d+,"name":"test"\}\],"meta":\{"total":1\}\}$/)
    const readable = await api.get('/api/v2/masters', { accept: 'text/html' })
    expect(readable.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(readable.text).toContain('\n  "masters": [\n')
  })
})

describe('queries', () => {
  it.each([
    ['builds', [1, 2, 3]],
    ['builds?order=-buildid&limit=2', [3, 2]],
    ['builds?offset=1&limit=1', [2]],
    ['builds?complete=false', [3]],
    ['builds?complete=1', [1, 2]],
    ['builds?complete__ne=true', [3]],
    ['builds?results=0&results=2', [1, 2]],
    ['builds?results__ne=0', [2]],
    ['builds?results__notin=0&results__notin=2', []],
    ['builds?number__ge=2&number__lt=3', [2]],
    ['builds?state_string__contains=on', [1, 2]],
    ['builds?results=4294967296', []],
    ['builds?number__lt=9007199254740991&results__ne=4294967296', [1, 2]],
    ['builds?results=4294967296&results=0', [1]],
    ['builds?order=results', [3, 1, 2]],
    ['builds?order=-results', [2, 1, 3]],
    ['builds?started_at__gt=1000000000', [1, 2, 3]],
    ['builds?started_at__le=1000000000', []],
    ['builders/b1/builds?order=-number', [3, 2, 1]],
    ['builders/1/builds?number=2', [2]],
    ['buildrequests/2/builds', [2]],
    ['changes/3/builds', [2]],
    ['workers/1/builds?limit=1', [1]],
  ])('%s', async (path, numbers) => {
    expect((await api.rows(path)).map(build => build.number)).toEqual(numbers)
  })

  it('equal times are equal in whole seconds', async () => {
    const [build] = await api.rows('builds/1')
    expect((await api.rows(`builds?started_at=${String(build!.started_at)}`)).length).toBeGreaterThan(0)
  })

  it.each([
    ['builders?tags__contains=mac', ['b 2/x']],
    ['builders?tags__contains=mac&tags__contains=fast', ['b1', 'b 2/x']],
    ['builders?tags=mac', []],
    ['builders?name__contains=%25', []],
    ['builders?order=-name&field=name', ['b1', 'b 2/x']],
    ['builders/b%202%2Fx', ['b 2/x']],
  ])('%s', async (path, names) => {
    expect((await api.rows(path)).map(builder => builder.name)).toEqual(names)
  })

  it('tells how many there are without limit', async () => {
    expect((await api.get('/api/v2/builds?limit=1&results=0')).body.meta).toEqual({ total: 1 })
    expect((await api.get('/api/v2/builds?limit=1')).body.meta).toEqual({ total: 3 })
    expect((await api.get('/api/v2/builds?offset=100')).body.meta).toEqual({ total: 3 })
  })

  it('waiting and running requests', async () => {
    expect((await api.rows('buildrequests?complete=false&claimed=false')).map(found => found.buildrequestid)).toEqual([4])
    expect((await api.rows('buildrequests?complete=false&claimed=true')).map(found => found.buildrequestid)).toEqual([3])
    expect(await api.rows('buildrequests/1?property=*')).toMatchObject([{ properties: { scheduler: ['all', 'Scheduler'] }, complete: true, claimed: true }])
    expect(await api.rows('buildrequests/1')).toMatchObject([{ properties: null }])
  })

  it('answers only the fields that were asked for', async () => {
    expect(await api.rows('builds?field=number&field=results&order=number&limit=1')).toEqual([{ number: 1, results: 0 }])
  })

  it.each([
    ['builds?nonsense=1', 400, "unrecognized query parameter 'nonsense'"],
    ['builders?name__contains=%00', 400, "query parameter 'name__contains' has a NUL character"],
    ['builds?order=nonsense', 400, "no such field 'nonsense'"],
    ['builds?complete=maybe', 400, 'invalid filter value for complete'],
    ['builds/1?number=1', 400, 'this is not a collection'],
    ['builds/', 404, undefined],
    ['builds/4711', 404, undefined],
    ['builds/x', 404, 'Invalid path: builds/x'],
    ['builders/b1/builds/4294967296', 404, undefined],
    ['builds/1/steps/4294967296', 404, undefined],
    ['nonsense', 404, 'Invalid path: nonsense'],
    ['builds/99999999999999999999', 404, undefined],
  ])('%s: %i', async (path, status, message) => {
    const answer = await api.get(`/api/v2/${path}`)
    expect(answer.status).toBe(status)
    expect(answer.body).toEqual({ error: message ?? expect.any(String) })
  })

  it('what a request says stays data', async () => {
    expect((await api.rows(`builders?name=${encodeURIComponent("x' OR true --")}`))).toEqual([])
    expect((await api.get(`/api/v2/builders/${encodeURIComponent("x') OR true --")}`)).status).toBe(404)
  })
})

describe('builds', () => {
  it('tells properties of requests and changes where Buildbot’s page asks for them, though Buildbot has no such path', async () => {
    expect(await api.rows('buildrequests/1/properties')).toEqual([{ scheduler: ['all', 'Scheduler'] }])
    expect(await api.rows('changes/1/properties')).toEqual([expect.any(Object)])
    expect((await api.rows('application.spec')).map(spec => spec.path)).not.toContain('buildrequests/n:buildrequestid/properties')
  })

  it('has its properties in both forms', async () => {
    expect(await api.rows('builders/b1/builds/1/properties')).toEqual([{ branch: ['main', 'Build'], n: [7, 'x'], buildnumber: [1, 'Build'] }])
    expect(await api.rows('builds/1/property_list?name=n')).toEqual([{ name: 'n', source: 'x', value: '7' }])
  })

  it('has the changes since the last success, and what was not built is new again after a failure', async () => {
    const revisions = async (number: number) => (await api.rows(`builders/b1/builds/${number}/changes`)).map(change => change.revision)
    expect(await revisions(1)).toEqual(['r1'])
    expect(await revisions(2)).toEqual(['r2', 'r3'])
    expect(await revisions(3)).toEqual(['r2', 'r3', 'r4'])
  })
})

describe('logs', () => {
  const contents = async (query: string) => (await api.rows(`logs/${logid}/contents${query}`))[0]
  it.each([
    ['', 0, 'hstart\noone\netwo\nothrée\no\nofive\nhend\n'],
    ['?limit=3', 0, 'hstart\noone\netwo\n'],
    ['?offset=3&limit=1', 3, 'othrée\n'],
    ['?offset=1&limit=5', 1, 'oone\netwo\nothrée\no\nofive\n'],
    ['?offset=6', 6, 'hend\n'],
    ['?offset=7&limit=10', 7, ''],
    ['?offset=7', 7, ''],
  ])('contents%s', async (query, firstline, content) => {
    expect(await contents(query)).toEqual({ logid, firstline, content })
  })

  it('is found by step and slug', async () => {
    expect((await api.rows('builders/b1/builds/1/steps/test/logs/stdio/contents?limit=1'))[0]).toEqual({ logid, firstline: 0, content: 'hstart\n' })
    expect((await api.get('/api/v2/builds/1/steps/1/logs/nonsense/contents')).status).toBe(404)
  })

  it('is streamed raw, without the letters of the streams', async () => {
    const raw = await api.get(`/api/v2/builds/1/steps/test/logs/stdio/raw`)
    expect(raw.text).toBe('Builder: b1\nBuild number: 1\nWorker name: w1\nstart\none\ntwo\nthrée\n\nfive\nend\n')
    expect(raw.headers.get('content-disposition')).toBe('attachment; filename=b1_build_1_step_test_log_stdio')
    expect(raw.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    const inline = await api.get(`/api/v2/logs/${logid}/raw_inline`)
    expect(inline.text).toBe(raw.text)
    expect(inline.headers.get('content-disposition')).toBeNull()
    expect((await api.get('/api/v2/logs/4711/raw')).status).toBe(404)
  })

  it('is read in order when it has more chunks than are read at once', async () => {
    const lines = Array.from({ length: 1_000 }, (_none, n) => `oline ${n}`)
    const long = await writeLog(api, builds[1]!.steps[0]!.id, { lines, chunks: Array.from({ length: 200 }, () => 5) })
    const [chunk] = await api.rows(`logs/${long}/contents?offset=7&limit=900`)
    expect(chunk!.content).toBe(lines.slice(7, 907).map(line => `${line}\n`).join(''))
    expect((await api.get(`/api/v2/logs/${long}/raw_inline`)).text.endsWith(lines.map(line => `${line.slice(1)}\n`).join(''))).toBe(true)
  })
})

describe('around the API', () => {
  it('answers its versions, its links, and by its other name', async () => {
    expect((await api.get('/api')).body).toEqual({ api_versions: { v2: 'http://127.0.0.1:8010/api/v2' } })
    expect((await api.get('/api/v2')).body).toMatchObject({ rootlinks: expect.arrayContaining([{ name: 'builds' }]) })
    expect((await api.get('/api/latest/builders/b1')).status).toBe(200)
    expect((await api.get('/healthz')).status).toBe(200)
  })

  it('serves the page for its views, and 404 for files that are not there', async () => {
    const page = await api.get('/builders/3/builds/45', { accept: 'text/html' })
    expect(page.text).toContain('<title>page</title>')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(page.headers.get('x-powered-by')).toBeNull()
    expect((await api.get('/assets/none.js', { accept: '*/*' })).status).toBe(404)
    expect((await api.get('/none.png', { accept: 'image/*' })).status).toBe(404)
    expect((await api.get('/config.json')).body).toMatchObject({ title: 'Test', multiMaster: true })
    expect((await api.get('/config.js')).text).toMatch(/^window\.buildbotFrontendConfig = \{.*"title":"Test"/)
  })

  it('refuses pages of other sites', async () => {
    expect((await api.get('/api/v2/builds', { origin: 'https://evil.example' })).status).toBe(400)
    expect((await api.get('/api/v2/builds', { origin: 'http://127.0.0.1:8010' })).status).toBe(200)
  })
  it.each([['yard/v1/workers/%00', 404], ['v2/workers/%00', 404], ['v2/builders/a%00b', 404], ['v2/builders?name=a%00b', 400]])('a NUL in /api/%s is no failure of ours', async (path, status) => {
    expect((await api.get(`/api/${path}`)).status).toBe(status)
  })
})
