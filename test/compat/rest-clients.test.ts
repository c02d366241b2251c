import { FAILURE, SUCCESS } from '@yardmaster/domain'
import { afterAll, beforeAll, describe, expect, onTestFailed, test } from 'vitest'
import { lastWords, startCluster, type Cluster } from '../kit/cluster.js'
import { until } from '../kit/until.js'

/** What programs that use Buildbot's REST API ask and read, in our words: each was looked up in its public source. */
const config = `
import { auth, authz, changeHooks, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const quiet = { logEnviron: false }
export default defineConfig({
  title: 'Known to many',
  projects: [{ name: 'apps' }],
  workers: ['w1', 'away'].map(name => workers.worker({ name, password: 'pw' })),
  builders: [
    { name: 'bootstrap', workers: ['w1'], steps: [steps.trigger({ schedulerNames: ['trig'], waitForFinish: true })] },
    { name: 'AMD64 Linux #*', project: 'apps', description: 'Linux, every commit', tags: ['stable', '3.13'], workers: ['w1'], steps: [
      async ctx => { await ctx.setProperty('got_revision', { app: '7f8e71' }); await ctx.setProperty('identifier', '308465@main') },
      async ctx => { await ctx.addURL('archive', 'http://files.example.org/app-1.zip'); await ctx.summary({ step: 'uploaded 308465@main' }) },
      steps.shell({ ...quiet, name: 'test', command: 'echo PASS; echo careful >&2' }),
    ] },
    { name: 'broken', workers: ['w1'], steps: [steps.shell({ ...quiet, name: 'test', command: 'echo the reason; exit 1' })] },
    { name: 'waits', workers: ['away'], steps: [] },
  ],
  changeHooks: [changeHooks.base()],
  schedulers: [
    schedulers.triggerable({ name: 'trig', builders: ['AMD64 Linux #*'] }), schedulers.force({ name: 'force', builders: ['bootstrap', 'broken'] }),
    schedulers.force({ name: 'only', builders: ['waits'] }),
  ],
  www: { auth: auth.users({ ci: 'pw' }), authz: { allowRules: [authz.anyControlEndpoint({ who: 'signedIn' })] } },
})
`
let cluster: Cluster
let cookie = ''
const signIn = { authorization: `Basic ${Buffer.from('ci:pw').toString('base64')}` }
const ask = (path: string, init: RequestInit = {}) => fetch(new URL(path, cluster.url), { redirect: 'manual', ...init })
const read = async (path: string) => (await ask(`api/v2/${path}`)).json() as Promise<{ [plural: string]: { [field: string]: unknown }[] }>
const control = async (path: string, method: string, params: object = {}) =>
  (await ask(`api/v2/${path}`, { method: 'POST', headers: { 'content-type': 'application/json', cookie }, body: JSON.stringify({ id: '4711', jsonrpc: '2.0', method, params }) })).json() as Promise<{ result: unknown }>
const finished = (request: number) => until(`request ${request} to end`, async () => (await read(`buildrequests/${request}`))['buildrequests']?.[0]?.['complete'])

beforeAll(async () => {
  cluster = await startCluster({ config, workers: ['w1'] })
  cookie = (await ask('auth/login', { method: 'HEAD', headers: signIn })).headers.getSetCookie().map(one => one.split(';')[0]).join('; ')
})
afterAll(() => cluster?.stop())

test('they force builds: with a builder, by its name, or with nothing', async () => {
  onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
  expect(await control('forceschedulers/force', 'force', { builderid: '1', username: '', reason: 'by a program', branch: '', revision: '', repository: '', project: '', unheard_of: 'x' })).toEqual({ id: '4711', jsonrpc: '2.0', result: [1, { 1: 1 }] })
  await finished(1)
  expect((await control('forceschedulers/force', 'force', { builderNames: ['broken'] })).result).toEqual([3, { 3: 3 }])
  expect((await control('forceschedulers/only', 'force', { owner: 'else' })).result).toEqual([4, { 4: 4 }])
  await finished(3)
})

const int = expect.any(Number) as number
const linux = encodeURIComponent('AMD64 Linux #*')
const ended = { complete: true, complete_at: int, started_at: int, buildid: int, buildrequestid: int, number: 1, state_string: expect.any(String) as string }

test.each<[program: string, path: string, answer: object]>([
  ['CPython: builders of a branch', 'builders?tags__contains=3.13', { builders: [{ builderid: 2, name: 'AMD64 Linux #*', tags: ['stable', '3.13'], masterids: [int] }] }],
  ['CPython: does it fail now?', 'builds?complete__eq=true&&builderid__eq=3&&order=-complete_at&&limit=1', { builds: [{ ...ended, results: FAILURE, builderid: 3 }] }],
  ['CPython: failures of late', 'builds?complete__eq=true&&results__eq=2&&order=-complete_at&&limit=100', { builds: [{ builderid: 3, number: 1 }] }],
  ['CPython: the log of its step', 'builders/3/builds/1/steps/test/logs', { logs: [{ logid: int, name: 'stdio', type: 's', num_lines: int }] }],
  ['shields.io: a badge', `builders/${linux}/builds?limit=1&order=-number`, { builds: [{ complete: true, results: SUCCESS }] }],
  ['shields.io: of no builder', 'builders/none/builds?limit=1&order=-number', { builds: [] }],
  ['LLVM: is the worker connected?', 'workers/w1', { workers: [{ workerid: 1, name: 'w1', connected_to: [{ masterid: int }], workerinfo: expect.objectContaining({ host: null, version: expect.any(String) }) }] }],
  ['LLVM: one that is not', 'workers/away', { workers: [{ connected_to: [], configured_on: [{ builderid: 4, masterid: int }] }] }],
  ['WebKit: what waits', 'builders/4/buildrequests?complete=false&claimed=false&property=*', { buildrequests: [{ builderid: 4, buildrequestid: 4, claimed: false, complete: false, properties: { owner: ['ci', 'Force Build Form'], scheduler: ['only', 'Scheduler'] } }] }],
  ['WebKit: what was built', 'builders/2/builds?limit=10&order=-number&property=*', { builds: [{ properties: { workername: ['w1', 'Worker'], buildername: ['AMD64 Linux #*', 'Builder'], identifier: ['308465@main', expect.any(String)] } }] }],
  ['WebKit: its newest good revision', 'builders/2/builds?order=-number&limit=1&property=got_revision&complete=true&results=0', { builds: [{ properties: { got_revision: [{ app: '7f8e71' }, expect.any(String)] } }] }],
  ['WebKit: builders for its bots’ page', 'builders?field=builderid&field=name&field=tags&field=masterids', { builders: [{}, {}, {}, { builderid: 4, name: 'waits', tags: [], masterids: [int] }] }],
  ['WebKit: all that waits', 'buildrequests?complete__eq=false', { buildrequests: [{ buildrequestid: 4 }] }],
  ['ReactOS: requests of buildsets', 'buildrequests?buildsetid__contains=1&buildsetid__contains=3&field=buildsetid&field=buildrequestid&order=-buildsetid', { buildrequests: [{ buildsetid: 3, buildrequestid: 3 }, { buildsetid: 1, buildrequestid: 1 }] }],
  ['ReactOS: buildsets of a time', 'buildsets?field=bsid&field=sourcestamps&field=submitted_at&order=-bsid&submitted_at__ge=1000000000&submitted_at__le=9000000000&limit=1', { buildsets: [{ bsid: 4, submitted_at: int, sourcestamps: [{ codebase: '', repository: '', branch: null, revision: null, patch: null, created_at: int }] }] }],
  ['ReactOS: a range of builds', 'builders/2/builds?number__ge=1&number__le=5&property=branch&property=got_revision&field=number&field=properties', { builds: [{ number: 1, properties: { branch: [null, expect.any(String)] } }] }],
  ['Julia: the build of a request', 'builds?property=*&buildrequestid=2', { builds: [{ ...ended, results: SUCCESS, properties: { identifier: ['308465@main', expect.any(String)] } }] }],
  ['Julia: what can be forced', 'forceschedulers', { forceschedulers: [{ name: 'force', builder_names: ['bootstrap', 'broken'] }, { name: 'only' }] }],
  ['Yocto: whose child is it?', 'buildsets/2', { buildsets: [{ parent_buildid: 1, parent_relationship: 'Triggered from', complete: true, results: SUCCESS }] }],
  ['Yocto: a step’s log by numbers', 'builds/3/steps/0/logs/stdio', { logs: [{ logid: int, slug: 'stdio', num_lines: int, complete: true }] }],
  ['Yocto: all of a build', 'builds/2?property=*', { builds: [{ builderid: 2, workerid: 1, masterid: int, properties: { buildnumber: [1, 'Build'] } }] }],
  ['Eve: children of a build', 'buildsets?parent_buildid=1', { buildsets: [{ bsid: 2 }] }],
  ['Eve: a builder, a scheduler by name', 'schedulers?name=only', { schedulers: [{ name: 'only', enabled: true }] }],
  ['Nix community: its project’s builders', 'builders?projectid=1', { builders: [{ name: 'AMD64 Linux #*', projectid: 1 }] }],
  ['Nix community: a builder’s builds', 'builders/2/builds?order=-started_at&complete=true', { builds: [{ buildid: 2 }] }],
  ['Overviewer: where the archive is', `builders/${linux}/builds/1/steps/1`, { steps: [{ number: 1, urls: [{ name: 'archive', url: 'http://files.example.org/app-1.zip' }] }] }],
  ['Blender: its hash', 'builders/2/builds?order=-number&results__eq=0&limit=1&property=got_revision', { builds: [{ properties: { got_revision: [{ app: '7f8e71' }, expect.any(String)] } }] }],
  ['NetBSD: its last builds', 'builders/3/builds?order=-started_at&limit=10', { builds: [{ number: 1 }] }],
  ['a menu bar: the newest that ended', 'builders/3/builds?complete=true&order=-complete_at&limit=1', { builds: [{ results: FAILURE, builderid: 3, number: 1 }] }],
  ['a load test: what is left', 'builds?complete=0', { builds: [] }],
  ['a statistic: steps', 'builds/2/steps?field=stepid&field=name&field=number&field=results&field=started_at&field=complete_at', { meta: { total: 3 }, steps: [{}, {}, { stepid: int, name: 'test', number: 2, results: SUCCESS, started_at: int, complete_at: int }] }],
])('%s', async (_program, path, answer) => { expect(await read(path)).toMatchObject(answer) })

describe('programs that go from one answer to the next', () => {
  test('a check of a pull request: from a build over what it triggered to the logs', async () => {
    onTestFailed(() => { process.stderr.write(lastWords(cluster)) })
    const { steps } = await read('builders/1/builds/1/steps')
    const urls = (steps ?? []).flatMap(step => step['urls'] as { url: string }[]).map(({ url }) => url)
    const [request] = urls.flatMap(url => /buildrequests\/(\d+)/.exec(url)?.[1] ?? [])
    expect(request).toBe('2')
    expect(await read(`buildrequests/${request}?property=*`)).toMatchObject({ buildrequests: [{ complete: true, results: SUCCESS, properties: {} }] })
    const { builds } = await read(`buildrequests/${request}/builds`)
    const tested = (await read(`builds/${Number(builds?.[0]?.['buildid'])}/steps`))['steps']?.find(step => step['name'] === 'test')
    const { logs } = await read(`steps/${Number(tested?.['stepid'])}/logs`)
    expect(await (await ask(`api/v2/logs/${Number(logs?.[0]?.['logid'])}/raw_inline`)).text()).toMatch(/^PASS$\n^careful$/m)
  })

  test('shell scripts read JSON line by line, as it is written for people', async () => {
    const lines = await (await ask('api/v2/builders/2/builds?order=-number&limit=1&complete=true')).text()
    expect(lines.split('\n').filter(line => line.includes('number')).map(line => /\d+/.exec(line)?.[0])).toEqual(['1'])
    expect(await (await ask(`api/v2/builders/${linux}/builds/1/steps/1`, { headers: { accept: '*/*' } })).text()).toMatch(/^ {6}"state_string": "uploaded 308465@main"/m)
    expect(await (await ask('api/v2/workers', { headers: { accept: 'text/html,*/*;q=0.8' } })).text()).toMatch(/^ {6}"connected_to": \[\],$/m)
  })

  test('who signs in first, acts then, and sends his password all the time', async () => {
    const answer = await ask('auth/login', { headers: signIn })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/'])
    const headers = { ...signIn, cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '', 'content-type': 'application/json' }
    const rebuild = { method: 'POST', body: JSON.stringify({ method: 'rebuild', id: 1, jsonrpc: '2.0', params: { reason: 'retried-by-user' } }) }
    const retried = await ask('api/v2/builders/3/builds/1', { ...rebuild, headers })
    expect([retried.status, await retried.json()]).toEqual([200, { id: 1, jsonrpc: '2.0', result: [5, { 3: 5 }] }])
    await ask('auth/logout', { headers })
    expect((await ask('api/v2/builders/3/builds/1', { ...rebuild, headers })).status).toBe(403)
    expect((await ask('auth/login', { method: 'HEAD', headers: { authorization: `Basic ${Buffer.from('ci:no').toString('base64')}` } })).status).toBe(401)
  })

  test('hooks of repositories tell a change by form, whatever they leave out', async () => {
    const fields = { author: '', branch: 'autoproj/x', codebase: '', category: '', comments: '', committer: '', project: 'wetpaint', repository: '', revision: '', revlink: '', properties: '{"package_names":["a"]}' }
    expect((await ask('change_hook/base', { method: 'POST', body: new URLSearchParams(fields) })).status).toBe(202)
    expect(await read('changes?limit=1&order=-changeid')).toMatchObject({ changes: [{ author: '', branch: 'autoproj/x', project: 'wetpaint', revision: null, properties: { package_names: [['a'], 'Change'] } }] })
  })
})
