import { codebaseParameter, forceParameter, patchFields, SUCCESS, withFullNames, type ForceScheduler, type Json, type TryScheduler } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aBuilder, aConfiguration, aWorker } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { connectWorker, finish, repository, request, start } from '../testing/builds.js'

const patched = codebaseParameter('', { repository, branch: 'main' })
const asksFn = (name: string) => ({ choicesFn: { $fn: name }, choices: [] })
const form: ForceScheduler = {
  kind: 'force', name: 'form', builders: ['b1', 'b2'], properties: {}, priority: 0, reason: '%(reason)s', label: 'Form', buttonName: 'Go',
  codebases: [withFullNames({ ...patched, sourcestampFn: { $fn: 'stamp' }, fields: [...patched.fields, forceParameter({ name: 'patch', type: 'patch', fields: patchFields() })] })],
  parameters: [
    forceParameter({ name: 'workername', type: 'worker' }), forceParameter({ name: 'inherit', type: 'inherit', strict: false }),
    forceParameter({ name: 'target', type: 'choices', label: 'Target', dependsOn: ['branch'], ...asksFn('targets') }), forceParameter({ name: 'broken', type: 'choices', label: 'Broken', ...asksFn('broken') }),
    forceParameter({ name: 'slow', type: 'choices', label: 'Slow', ...asksFn('slow') }), forceParameter({ name: 'level', type: 'int', defaultFn: { $fn: 'level' } }),
  ],
}
const trying: TryScheduler = {
  kind: 'try', name: 'try', builders: ['b1', 'b2'], properties: { from: 'configuration' }, priority: 2, reason: "'try' job", userpass: [{ user: 'ann', password: { $secret: 'ann' } }, { user: 'bob', password: 'open' }],
  codebases: { '': { repository, branch: 'main' } },
}
const otherTry: TryScheduler = { ...trying, name: 'lib', builders: ['b2', 'other'], userpass: [{ user: 'bob', password: 'open' }], codebases: { app: { repository, branch: null }, lib: { repository: 'lib.git', branch: 'stable' } } }

const asked: string[] = []
/** What the configuration's functions say. */
async function callPatiently({ $fn }: { $fn: string }, { args = [] }: { args?: Json[] }): Promise<Json> {
  asked.push(`${$fn} ${JSON.stringify(args[0])}`)
  if ($fn === 'targets') return ['debug', `of ${JSON.stringify(args[0])}`]
  if ($fn === 'slow') return new Promise(() => {})
  if ($fn === 'level') return 7
  if ($fn === 'stamp') return { revision: 'made' }
  throw new Error('no way')
}

let api: TestApi
let worker: Awaited<ReturnType<typeof connectWorker>>
beforeAll(async () => {
  const configuration = aConfiguration({ workers: [aWorker('w1'), aWorker('w2')], builders: [aBuilder('b1', { workers: ['w1', 'w2'] }), aBuilder('b2', { collapseRequests: false }), aBuilder('other')], schedulers: [form, trying, otherTry] })
  api = await startApi(configuration)
  api.setGeneration({ id: api.generationId, configuration, threads: { call: () => Promise.reject(new Error('nothing is called')), callPatiently } })
  api.secrets.set('ann', 'sesame')
  worker = await connectWorker(api, 'w1')
})
afterAll(() => api?.close())

const post = async (path: string, body: unknown, headers: { [name: string]: string } = {}) => {
  const response = await fetch(`${api.url}/api/yard/v1/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, body: JSON.stringify(body) })
  return { status: response.status, body: await response.json() as { [key: string]: unknown } }
}
type Field = { fullName: string; choices?: string[]; default: unknown; problem?: string; fields?: Field[] }
const leaf = (fields: Field[], name: string): Field | undefined => fields.flatMap(field => [field, ...(field.fields ? [leaf(field.fields, name)] : [])]).find(field => field?.fullName === name)
const force = (params: { [name: string]: unknown }) => api.control('forceschedulers/form', 'force', params)
const forced = async (params: { [name: string]: unknown }) => {
  const { status, text, body } = await force(params)
  expect(status, text).toBe(200)
  const [bsid, requests] = body.result as [number, { [id: string]: number }]
  return { bsid, request: Object.values(requests)[0]!, buildset: (await api.rows(`buildsets/${bsid}`))[0]!, properties: (await api.rows(`buildsets/${bsid}/properties`))[0]! }
}

describe('a form whose functions are asked', () => {
  it('shows what they say; one that fails or is slow leaves the rest as it is', async () => {
    const { body } = await post('forceschedulers/form/form', { builderid: (await api.rows('builders/b1'))[0]!.builderid, values: { branch: 'x', reason: 'not told' } })
    const fields = body.all_fields as Field[]
    expect(leaf(fields, 'target')).toMatchObject({ choices: ['debug', 'of {"builder":"b1","values":{"branch":"x"}}'], asked: true, depends_on: ['branch'] })
    expect(leaf(fields, 'workername')).toMatchObject({ choices: ['-any-', 'w1', 'w2'], default: '-any-' })
    expect(leaf(fields, 'broken')).toMatchObject({ choices: [], problem: 'its choices are not known: no way' })
    expect(leaf(fields, 'slow')!.problem).toMatch(/still being asked/)
    expect(leaf(fields, 'level')).toMatchObject({ default: 7 })
    expect(leaf(fields, 'patch_body')).toMatchObject({ type: 'file' })
  })

  it('asks once for the same', async () => {
    const before = asked.length
    await api.rows('forceschedulers/form')
    const first = asked.length
    await api.rows('forceschedulers/form')
    expect([first > before, asked.length]).toEqual([true, first])
  })

  it('takes their choices, and refuses others', async () => {
    const { buildset, properties } = await forced({ builderNames: ['b1'], target: 'debug' })
    expect(properties).toMatchObject({ target: ['debug', 'Force Build Form'], level: [7, 'Force Build Form'] })
    expect(buildset).toMatchObject({ sourcestamps: [{ branch: 'main', revision: 'made', patch: null }] })
    const { status, body } = await force({ target: 'none', broken: 'x' })
    expect(status).toBe(400)
    expect(body.error).toMatchObject({ message: { target: expect.stringContaining("'none' does not belong"), broken: 'its choices are not known: no way' } })
  })

  it('a worker that is chosen is the only one for the request', async () => {
    const { request: id, properties } = await forced({ builderNames: ['b1'], workername: 'w2' })
    expect(properties).toMatchObject({ workername: ['w2', 'Force Build Form'] })
    const { rows } = await api.db.pool.query('SELECT worker_name FROM build_requests WHERE id = $1', [id])
    expect(rows).toEqual([{ worker_name: 'w2' }])
    expect((await force({ builderNames: ['b1', 'b2'], workername: 'w2' })).body.error).toMatchObject({ message: { workername: "the builder 'b2' has no worker 'w2'" } })
    expect((await force({ builderNames: ['b2'], workername: 'w2' })).body.error).toMatchObject({ message: { workername: expect.stringContaining("'w2' does not belong") } })
  })

  it('takes over what was filled in for another build', async () => {
    const like = await start(api, await request(api, 'b2', { properties: {} }), { worker, properties: { level: [3, 'Force Build Form'], owner: ['eve', 'Force Build Form'], reason: ['old', 'Force Build Form'], other: ['x', 'Scheduler'] } })
    await finish(api, like, SUCCESS)
    const { properties } = await forced({ builderNames: ['b2'], inherit: `b2/${like.number} of yesterday`, reason: 'new' })
    expect(properties).toMatchObject({ inherit: [`b2/${like.number}`, 'Force Build Form'], level: [3, 'Force Build Form'], orig_owner: ['eve', 'Force Build Form'], owner: ['anonymous', 'Force Build Form'], reason: ['new', 'Force Build Form'] })
    expect(properties).not.toHaveProperty('other')
    expect((await force({ inherit: 'b2/4711' })).body.error).toMatchObject({ message: { inherit: 'unknown build: 4711 in b2/4711' } })
    expect((await force({ inherit: 'nobody/1' })).body.error).toMatchObject({ message: { inherit: 'unknown builder: nobody in nobody/1' } })
  })

  it('a patch is a row of its own, shown at its sourcestamp whole, and elsewhere and in lists while it is small', async () => {
    const body = `diff --git a/x b/x\n${'+line\n'.repeat(3_000)}`
    const { buildset } = await forced({ builderNames: ['b1'], patch_body: body, patch_author: 'Ann', patch_level: '0' })
    const [stamp] = buildset['sourcestamps'] as { ssid: number; patch: object }[]
    expect(stamp!.patch).toMatchObject({ level: 0, author: 'Ann', subdir: '.', body: null })
    expect(await api.rows(`sourcestamps/${stamp!.ssid}`)).toMatchObject([{ patch: { body } }])
    expect((await api.rows('sourcestamps')).find(({ ssid }) => ssid === stamp!.ssid)).toMatchObject({ patch: { level: 0, body: null } })
    expect((await force({ patch_body: 'x'.repeat(25 * 1024 * 1024) })).status).toBe(413)
    expect((await force({ patch_body: 'x'.repeat(11 * 1024 * 1024) })).body.error).toMatchObject({ message: { patch_body: expect.stringContaining('is too large') } })
  })
})

describe('rebuild with changes', () => {
  it('begins with what the build was asked for with, and changes what is said', async () => {
    const build = await start(api, await request(api, 'b2', { revision: 'r', properties: { a: [1, 'x'], b: ['two', 'x'], c: [3, 'x'] } }), { worker })
    await finish(api, build, SUCCESS)
    const { body } = await api.get(`/api/yard/v1/builds/${build.buildId}/rebuild`)
    expect(body.rebuild).toMatchObject({ builder: 'b2', properties: { a: [1, 'x'] }, sourcestamps: [{ codebase: '', branch: 'main', revision: 'r', patch: null }] })
    const again = await post(`builds/${build.buildId}/rebuild`, { properties: { a: 2, b: 'two', d: true }, remove_properties: ['c'], revision: '', branch: 'topic', reason: 'once more', priority: 9 })
    expect(again.status).toBe(200)
    expect(await api.rows(`buildsets/${String(again.body['buildsetid'])}`)).toMatchObject([{ reason: 'once more', rebuilt_buildid: build.buildId, sourcestamps: [{ branch: 'topic', revision: null }] }])
    expect(await api.rows(`buildsets/${String(again.body['buildsetid'])}/properties`)).toEqual([{ a: [2, 'Rebuild'], b: ['two', 'x'], d: [true, 'Rebuild'] }])
    expect(await api.rows(`buildrequests/${String(again.body['buildrequestid'])}`)).toMatchObject([{ priority: 9 }])
    const byControl = await api.control(`builds/${build.buildId}`, 'rebuild', { revision: 'abc' })
    expect(await api.rows(`buildsets/${String((byControl.body.result as [number])[0])}`)).toMatchObject([{ sourcestamps: [{ revision: 'abc', branch: 'main' }] }])
    expect((await post(`builds/${build.buildId}/rebuild`, { sourcestamps: [{ codebase: 'nope' }] }))).toMatchObject({ status: 400, body: { error: expect.stringContaining("no codebase 'nope'") } })
    expect((await post('builds/4711/rebuild', {})).status).toBe(404)
    expect(await post(`builds/${build.buildId}/rebuild`, { properties: { workername: 'w2' } })).toMatchObject({ status: 400, body: { error: expect.stringContaining("'b2' has no worker 'w2'") } })
    const bound = await post(`builds/${build.buildId}/rebuild`, { properties: { workername: 'w1' } })
    const { rows } = await api.db.pool.query('SELECT worker_name FROM build_requests WHERE id = $1', [bound.body['buildrequestid']])
    expect(rows).toEqual([{ worker_name: 'w1' }])
  })

  it('keeps what the request got besides its buildset, when others collapsed into it', async () => {
    const asked = await request(api, 'b2', { revision: 'r', properties: { a: [1, 'x'] } })
    await api.db.pool.query(`UPDATE build_requests SET properties = '{"merged": ["7", "Collapse"]}' WHERE id = $1`, [asked.requestId])
    const build = await start(api, asked, { worker })
    await finish(api, build, SUCCESS)
    const again = await post(`builds/${build.buildId}/rebuild`, {})
    expect(await api.rows(`buildsets/${String(again.body['buildsetid'])}/properties`)).toEqual([{ a: [1, 'x'], merged: ['7', 'Collapse'] }])
  })

  it('keeps the patch unless it is taken away', async () => {
    const tried = await post('try', { patch: { body: 'diff' }, builders: ['b2'] }, basic('ann', 'sesame'))
    const [asked] = tried.body['buildrequests'] as { builderid: number; buildrequestid: number }[]
    const build = await start(api, { buildsetId: tried.body['buildsetid'] as number, builderId: asked!.builderid, requestId: asked!.buildrequestid }, { worker })
    await finish(api, build, SUCCESS)
    const stampsOf = async (changes: object) => (await api.rows(`buildsets/${String((await post(`builds/${build.buildId}/rebuild`, changes)).body['buildsetid'])}`))[0]!['sourcestamps']
    expect(await stampsOf({ revision: 'x' })).toMatchObject([{ revision: 'x', patch: { body: 'diff' } }])
    expect(await stampsOf({ sourcestamps: [{ codebase: '', patch: false }] })).toMatchObject([{ patch: null }])
  })
})

const basic = (user: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` })

describe('try', () => {
  const send = (body: object, user = 'ann', password = 'sesame') => post('try', body, basic(user, password))

  it('says what the user may try', async () => {
    const get = async (user: string, password: string) => (await api.get('/api/yard/v1/try', { accept: 'application/json', ...basic(user, password) })).body
    expect(await get('ann', 'sesame')).toEqual({ schedulers: [{ name: 'try', builders: ['b1', 'b2'], codebases: [''] }] })
    expect(await get('bob', 'open')).toMatchObject({ schedulers: [{ name: 'try' }, { name: 'lib', codebases: ['app', 'lib'] }] })
  })

  it('builds the patch at what it is for, with the properties that were given', async () => {
    const { status, body } = await send({ patch: { body: 'diff --git', level: 1 }, revision: 'abc', who: 'Ann', comment: 'please', properties: { x: 1 }, jobid: 'j1' })
    expect(status).toBe(200)
    expect(body['buildrequests']).toMatchObject([{ builder: 'b1' }, { builder: 'b2' }])
    expect(await api.rows(`buildsets/${String(body['buildsetid'])}`)).toMatchObject([{
      reason: "'try' job by user Ann (please)", external_idstring: 'j1', sourcestamps: [{ repository, branch: 'main', revision: 'abc', patch: { body: 'diff --git', author: 'Ann', comment: 'please', level: 1 } }],
    }])
    expect(await api.rows(`buildsets/${String(body['buildsetid'])}/properties`)).toEqual([{ from: ['configuration', 'Scheduler'], x: [1, 'try build'], scheduler: ['try', 'Scheduler'] }])
    const { rows } = await api.db.pool.query('SELECT actor FROM buildsets WHERE id = $1', [body['buildsetid']])
    expect(rows).toEqual([{ actor: 'user:ann' }])
  })

  it('of several codebases the patch is for one', async () => {
    const { body } = await send({ patch: { body: 'diff' }, builders: ['other'], codebase: 'lib' }, 'bob', 'open')
    expect(await api.rows(`buildsets/${String(body['buildsetid'])}/sourcestamps`)).toMatchObject([{ codebase: 'app', patch: null }, { codebase: 'lib', branch: 'stable', patch: { body: 'diff', author: 'bob' } }])
    expect((await send({ patch: { body: 'diff' }, builders: ['other'] }, 'bob', 'open')).body['error']).toContain("one of the codebases 'app', 'lib'")
  })

  it.each([
    [{ patch: { body: ' ' } }, 400, 'the patch is empty'],
    [{ patch: { body: 'x', subdir: '../x' } }, 400, "without '..'"],
    [{ patch: { body: 'x' }, builders: ['nope'] }, 400, "no try scheduler builds 'nope'; you may try: b1, b2"],
    [{ patch: { body: 'x' }, scheduler: 'lib' }, 400, "may not use a try scheduler 'lib'; you may use: try"],
    [{ patch: {} }, 400, 'body'],
    [{ patch: { body: 'x' }, surprise: 1 }, 400, 'surprise'],
    [{ patch: { body: 'x'.repeat(11 * 1024 * 1024) } }, 400, 'too large'],
    [{ patch: { body: 'x'.repeat(25 * 1024 * 1024) } }, 413, 'too large'],
  ])('refuses number %#', async (body, status, message) => {
    expect(await send(body)).toMatchObject({ status, body: { error: expect.stringContaining(message) } })
  })

  it('lets nobody in without the password, and after many wrong ones nobody of this name from there; others are let in, who may come by the same proxy', async () => {
    expect((await post('try', {})).status).toBe(401)
    expect((await send({}, 'eve', 'sesame')).status).toBe(401)
    for (let tries = 0; tries < 30; tries++) await send({}, 'ann', `guess ${tries}`)
    expect(await send({ patch: { body: 'x' } })).toMatchObject({ status: 429 })
    expect(await send({ patch: { body: 'x' }, scheduler: 'try' }, 'bob', 'open')).toMatchObject({ status: 200 })
  })
})
