import { CANCELLED, codebaseParameter, forceParameter, SUCCESS, type ForceScheduler } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { connectWorker, finish, repository, request, start } from '../testing/builds.js'

const forceScheduler: ForceScheduler = {
  kind: 'force', name: 'force', builders: ['b1', 'b2'], properties: { made: 'here' }, priority: 3, reason: 'Forced by %(owner)s: %(reason)s', label: 'Force', buttonName: 'Go',
  codebases: [codebaseParameter('', { repository, branch: 'main' })], parameters: [forceParameter({ name: 'level', type: 'int', label: 'Level', default: 1 })],
}

/** A builder each, as a worker builds one build at a time of a builder. */
const races = Array.from({ length: 8 }, (_, n) => `race${n}`)

let api: TestApi
let worker: Awaited<ReturnType<typeof connectWorker>>
beforeAll(async () => {
  api = await startApi(aConfiguration({ workers: [aWorker('w1'), aWorker('w2')], builders: [aBuilder('b1'), aBuilder('b2', { collapseRequests: false }), aBuilder('other'), ...races.map(name => aBuilder(name))], schedulers: [forceScheduler] }))
  worker = await connectWorker(api, 'w1')
})
afterAll(() => api?.close())

const running = async () => start(api, await request(api, 'b2', { revision: 'r', properties: { a: [1, 'x'] } }), { worker })

describe('JSON-RPC', () => {
  const post = (path: string, body: string, type = 'application/json') => fetch(`${api.url}/api/v2/${path}`, { method: 'POST', headers: { 'content-type': type }, body })
  const of = (members: string) => `{"jsonrpc":"2.0",${members}}`
  const stop = of('"method":"stop","id":1,"params":{}')
  it.each([
    { body: '{', status: 400, code: -32700, message: /^JSON parse error/ },
    { body: '[]', status: 400, code: -32600, message: /^JSONRPC batch requests are not supported$/ },
    { body: '1', status: 400, code: -32600, message: /^JSONRPC root object must be an object$/ },
    { body: of('"method":"stop","id":1'), status: 400, code: -32600, message: /^missing key 'params'$/ },
    { body: of('"method":1,"id":1,"params":{}'), status: 400, code: -32600, message: /^'method' must be a string$/ },
    { body: stop.replace('2.0', '1.0'), status: 400, code: -32600, message: /^only JSONRPC 2.0 is supported$/ },
    { body: stop, type: 'text/plain', status: 400, code: -32600, message: /^Invalid content-type/ },
    { body: of('"method":"dance","id":1,"params":{}'), status: 501, code: -32601, message: /^action: dance is not supported$/ },
    { body: stop, status: 404, code: -32600, message: /^not found/ },
  ])('$body: $status $message', async ({ body, type, status, code, message }) => {
    const response = await post('builds/4711', body, type)
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', error: { code, message: expect.stringMatching(message) } })
  })

  it('says which call it answers, unless that cannot be read, and has the type of Buildbot\'s answers', async () => {
    const answerTo = async (body: string) => {
      const response = await post('builds/4711', body)
      return [response.headers.get('content-type'), (await response.json() as { id?: unknown }).id]
    }
    const dance = (id: string) => of(`"method":"dance","params":{},"id":${id}`)
    for (const id of [null, 'a', 0, -3, 2 ** 60, true]) expect(await answerTo(dance(JSON.stringify(id)))).toEqual(['application/json', id])
    for (const body of ['{', '[]', 'null', of('"id":1'), dance('1').replace('2.0', '1.0'), dance('1.5'), dance('[1]')]) expect(await answerTo(body)).toEqual(['application/json', undefined])
  })

  it('a path that can only be read has no actions; one that is not there is not found', async () => {
    expect((await api.control('changes', 'force')).status).toBe(501)
    expect((await api.control('nonsense', 'force')).status).toBe(404)
  })
})

describe('force', () => {
  const force = (params: { [name: string]: unknown }) => api.control('forceschedulers/force', 'force', params)

  it('shows its form', async () => {
    const [scheduler] = await api.rows('builders/b1/forceschedulers')
    expect(scheduler).toMatchObject({ name: 'force', button_name: 'Go', label: 'Force', builder_names: ['b1', 'b2'], enabled: true })
    expect(scheduler!.all_fields).toMatchObject([
      { type: 'nested', fields: [{ name: 'username' }, { name: 'reason', default: 'force build' }, { name: 'priority', type: 'int' }] },
      { type: 'nested', fields: [{ fullName: 'branch', default: 'main' }, { fullName: 'project' }, { fullName: 'repository' }, { fullName: 'revision' }] },
      { name: 'level', type: 'int', default: 1 },
    ])
    expect(await api.rows('builders/other/forceschedulers')).toEqual([])
  })

  it('makes a buildset with what the form says', async () => {
    const [builder] = await api.rows('builders/b2')
    const { status, body } = await force({ builderid: builder!.builderid, reason: 'I want', level: '5', revision: 'abc', owner: 'mallory' })
    expect(status).toBe(200)
    const [bsid, requests] = body.result as [number, { [builderid: string]: number }]
    expect(Object.keys(requests)).toEqual([String(builder!.builderid)])
    const [buildset] = await api.rows(`buildsets/${bsid}`)
    expect(buildset).toMatchObject({ reason: 'Forced by anonymous: I want', sourcestamps: [{ branch: 'main', revision: 'abc', repository }], complete: false })
    const [properties] = await api.rows(`buildsets/${bsid}/properties`)
    expect(properties).toEqual({ level: [5, 'Force Build Form'], reason: ['I want', 'Force Build Form'], owner: ['anonymous', 'Force Build Form'], made: ['here', 'Scheduler'], scheduler: ['force', 'Scheduler'] })
    expect(await api.rows(`buildrequests/${Object.values(requests)[0]}`)).toMatchObject([{ priority: 3, complete: false, claimed: false }])
    const { rows } = await api.db.pool.query('SELECT actor, scheduler FROM buildsets WHERE id = $1', [bsid])
    expect(rows).toEqual([{ actor: 'user:anonymous', scheduler: 'force' }])
  })

  it('asks all of its builders, or those that are named', async () => {
    expect(Object.keys(((await force({})).body.result as [number, object])[1])).toHaveLength(2)
    expect(Object.keys(((await force({ builderNames: ['b1'] })).body.result as [number, object])[1])).toHaveLength(1)
  })

  it.each([
    [{ level: 'x' }, { level: "invalid literal for int() with base 10: 'x'" }],
    [{ username: 'nobody' }, { username: expect.stringContaining('please fill in email') }],
    [{ builderNames: ['other'] }, { builderNames: expect.stringContaining("cannot build 'other'") }],
    [{ builderid: 4711 }, { builderid: expect.stringContaining('cannot build builder 4711') }],
  ])('refuses %j field by field', async (params, fields) => {
    const { status, body } = await force(params)
    expect(status).toBe(400)
    expect(body.error).toEqual({ code: -32602, message: fields })
  })

  it('is off while its scheduler is disabled', async () => {
    const [scheduler] = await api.rows('schedulers?name=force')
    expect((await api.control(`schedulers/${String(scheduler!.schedulerid)}`, 'enable', { enabled: false })).status).toBe(200)
    expect(await api.rows('forceschedulers/force')).toMatchObject([{ enabled: false }])
    expect((await force({})).body.error).toMatchObject({ code: -32602, message: expect.stringContaining('is disabled') })
    await api.control(`schedulers/${String(scheduler!.schedulerid)}`, 'enable', { enabled: true })
    expect((await force({})).status).toBe(200)
    expect((await api.control(`schedulers/${String(scheduler!.schedulerid)}`, 'enable', { enabled: 'perhaps' })).body.error).toMatchObject({ code: -32602 })
  })

  it('of a scheduler that is not there is not found', async () => {
    expect((await api.control('forceschedulers/none', 'force')).status).toBe(404)
    expect((await api.control('forceschedulers/constructor', 'force')).status).toBe(404)
  })
})

describe('builds', () => {
  it('stop: asks once, and not of a build that has ended', async () => {
    const build = await running()
    const stop = (reason: string) => api.control(`builds/${build.buildId}`, 'stop', { reason })
    expect((await stop('enough')).body.result).toBeNull()
    expect((await stop('again')).status).toBe(200)
    const read = () => api.db.pool.query('SELECT stop_requested_at IS NOT NULL AS asked, stop_reason, stop_actor FROM builds WHERE id = $1', [build.buildId])
    expect((await read()).rows).toEqual([{ asked: true, stop_reason: 'enough', stop_actor: 'user:anonymous' }])
    await finish(api, build, SUCCESS)
    const ended = await running()
    await finish(api, ended, SUCCESS)
    expect((await api.control(`builders/b2/builds/${ended.number}`, 'stop')).status).toBe(200)
    expect((await api.rows(`builds/${ended.buildId}`))[0]).toMatchObject({ results: SUCCESS })
  })

  it('rebuild: the same sources and properties, for the same builder; the first build is remembered', async () => {
    const first = await running()
    await finish(api, first, SUCCESS)
    const [bsid, requests] = (await api.control(`builds/${first.buildId}`, 'rebuild')).body.result as [number, { [id: string]: number }]
    expect(requests).toEqual({ [first.builderId]: expect.any(Number) })
    expect(await api.rows(`buildsets/${bsid}`)).toMatchObject([{ reason: 'rebuild', rebuilt_buildid: first.buildId, sourcestamps: [{ revision: 'r', branch: 'main' }] }])
    expect(await api.rows(`buildsets/${bsid}/properties`)).toEqual([{ a: [1, 'x'] }])
    const second = await start(api, { buildsetId: bsid, builderId: first.builderId, requestId: requests[first.builderId]! }, { worker })
    const [again] = (await api.control(`builders/b2/builds/${second.number}`, 'rebuild')).body.result as [number]
    expect(await api.rows(`buildsets/${again}`)).toMatchObject([{ rebuilt_buildid: first.buildId }])
    await finish(api, second, SUCCESS)
  })
})

describe('build requests', () => {
  it('cancel: one that waits ends at once, one that is built is stopped, one that ended stays', async () => {
    const waiting = await request(api, 'b2')
    await api.control(`buildrequests/${waiting.requestId}`, 'cancel', { reason: 'no' })
    expect(await api.rows(`buildrequests/${waiting.requestId}`)).toMatchObject([{ complete: true, results: CANCELLED, claimed: true }])
    expect(await api.rows(`buildsets/${waiting.buildsetId}`)).toMatchObject([{ complete: true, results: CANCELLED }])
    const build = await running()
    await api.control(`buildrequests/${build.requestId}`, 'cancel', { reason: 'no' })
    const { rows } = await api.db.pool.query('SELECT stop_reason FROM builds WHERE id = $1', [build.buildId])
    expect(rows).toEqual([{ stop_reason: 'no' }])
    await finish(api, build, SUCCESS)
    expect((await api.control(`buildrequests/${build.requestId}`, 'cancel')).status).toBe(200)
    expect(await api.rows(`buildrequests/${build.requestId}`)).toMatchObject([{ results: SUCCESS }])
  })

  it('cancel and claim at the same moment: never both', async () => {
    const outcomes = await Promise.all(races.map(async builder => {
      const waiting = await request(api, builder)
      const [, claimed] = await Promise.all([api.control(`buildrequests/${waiting.requestId}`, 'cancel'), start(api, waiting, { worker }).then(() => true, () => false)])
      const [found] = await api.rows(`buildrequests/${waiting.requestId}`)
      return { claimed, cancelled: found!.results === CANCELLED }
    }))
    for (const { claimed, cancelled } of outcomes) expect(claimed).toBe(!cancelled)
  })

  it('set_priority', async () => {
    const waiting = await request(api, 'b2')
    expect((await api.control(`buildrequests/${waiting.requestId}`, 'set_priority', { priority: 9 })).body.result).toBeNull()
    expect(await api.rows(`buildrequests/${waiting.requestId}`)).toMatchObject([{ priority: 9 }])
    expect((await api.control(`buildrequests/${waiting.requestId}`, 'set_priority', {})).body.error).toMatchObject({ code: -32602 })
  })
})

it('workers: pause, unpause, stop', async () => {
  await api.control('workers/w1', 'pause', { reason: 'repair' })
  expect(await api.rows('workers/w1')).toMatchObject([{ paused: true, pause_reason: 'repair', graceful: false }])
  await api.control(`workers/${worker.workerId}`, 'unpause')
  expect(await api.rows('workers/w1')).toMatchObject([{ paused: false, pause_reason: null }])
  await api.control('workers/w1', 'stop')
  expect(await api.rows('workers/w1')).toMatchObject([{ graceful: true }])
  expect((await api.control('workers/none', 'pause')).status).toBe(404)
})

describe('who did what', () => {
  type Record = { actor: string; action: string; thing: string; id: number; parameters: object }
  /** What was recorded while `work` ran. */
  async function recorded(work: () => Promise<unknown>): Promise<Record[]> {
    const { rows: [last] } = await api.db.pool.query<{ id: number }>('SELECT coalesce(max(id), 0) AS id FROM control_actions')
    await work()
    return (await api.db.pool.query<Record>('SELECT actor, action, thing, thing_id AS id, parameters FROM control_actions WHERE id > $1 ORDER BY id', [last!.id])).rows
  }
  const done = async (path: string, method: string, params?: { [name: string]: unknown }) => expect((await api.control(path, method, params)).status).toBe(200)
  const actor = 'user:anonymous'

  it('each control leaves one row, with its actor and what is no secret of its arguments', async () => {
    const second = await connectWorker(api, 'w2')
    const build = await start(api, await request(api, 'b2'), { worker: second })
    const waiting = await request(api, 'b2')
    const [scheduler] = await api.rows('schedulers?name=force')
    const schedulerId = Number(scheduler!.schedulerid)
    const cases: { path: string; action: string; params: { [name: string]: unknown }; thing: string; id: number; parameters?: object }[] = [
      { path: 'forceschedulers/force', action: 'force', params: { reason: 'r', level: 2, token: 'hunter2' }, thing: 'schedulers', id: schedulerId, parameters: { fields: ['level', 'reason', 'token'] } },
      { path: `schedulers/${schedulerId}`, action: 'enable', params: { enabled: true }, thing: 'schedulers', id: schedulerId },
      { path: `builders/b2/builds/${build.number}`, action: 'stop', params: { reason: 'slow' }, thing: 'builds', id: build.buildId },
      { path: `builds/${build.buildId}`, action: 'rebuild', params: { reason: 'a\0b', enabled: 'x' }, thing: 'builds', id: build.buildId, parameters: { reason: 'a\ufffdb' } },
      { path: `buildrequests/${waiting.requestId}`, action: 'set_priority', params: { priority: '4' }, thing: 'build_requests', id: waiting.requestId, parameters: { priority: 4 } },
      { path: `buildrequests/${waiting.requestId}`, action: 'cancel', params: { reason: 'no' }, thing: 'build_requests', id: waiting.requestId },
      { path: 'workers/w2', action: 'pause', params: { reason: 'disk', password: 'hunter2' }, thing: 'workers', id: second.workerId, parameters: { reason: 'disk' } },
      { path: `workers/${second.workerId}`, action: 'unpause', params: {}, thing: 'workers', id: second.workerId },
      { path: 'workers/w2', action: 'stop', params: {}, thing: 'workers', id: second.workerId },
    ]
    for (const { path, action, params, thing, id, parameters = params } of cases) {
      expect(await recorded(() => done(path, action, params))).toEqual([{ actor, action, thing, id, parameters }])
    }
    await finish(api, build, SUCCESS)
    expect(await recorded(() => done(`builds/${build.buildId}`, 'stop', { reason: 'late' })), 'of a build that has ended').toMatchObject([{ action: 'stop' }])
  })

  it('one that is refused leaves none', async () => {
    const refused = [['builds/4711', 'stop'], ['workers/w1', 'dance'], ['workers/w1', 'pause', { reason: 1 }], ['forceschedulers/force', 'force', { level: 'x' }], ['forceschedulers/none', 'force'], ['changes', 'force']] as const
    expect(await recorded(async () => {
      for (const [path, method, params] of refused) expect((await api.control(path, method, params)).status).toBeGreaterThanOrEqual(400)
    })).toEqual([])
  })

  it('what cannot be recorded does not happen', async () => {
    await api.db.pool.query(`ALTER TABLE control_actions ADD CONSTRAINT planted CHECK (action <> 'unpause') NOT VALID`)
    await api.control('workers/w1', 'pause', { reason: 'kept' })
    expect((await api.control('workers/w1', 'unpause')).status).toBe(500)
    expect(await api.rows('workers/w1')).toMatchObject([{ paused: true, pause_reason: 'kept' }])
    await api.db.pool.query('ALTER TABLE control_actions DROP CONSTRAINT planted')
  })
})
