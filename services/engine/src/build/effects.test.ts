import { transaction } from '@yardmaster/db'
import { completeRequests } from '@yardmaster/db/verbs/complete-requests'
import { CANCELLED, EXCEPTION, FAILURE, RETRY, SUCCESS } from '@yardmaster/domain'
import { expect, test } from 'vitest'
import { until } from '../../../../test/kit/until.js'
import { begun, committed, configured, effectsEnded, end, ended, engines, print, resumed, rows, server, started, stepText, takenOver, world } from '../testing/step-world.js'
import type { TestWorker } from '../testing/test-worker.js'

test('branches side by side are replayed in the order in which they went on, whatever ends first then', async () => {
  await configured(`async ctx => {
    const branch = async (name: string) => { const { stdout } = await ctx.command(name); await ctx.setProperty(name, stdout); await ctx.command(name + ' again') }
    await Promise.all([branch('a'), branch('b')])
  }`)
  const { engine, worker } = await begun()
  const [a, b] = await started(worker, 2) as [string, string]
  print(worker, b, 1, 'of b')
  end(worker, b, 2)
  await started(worker, 3)
  const again = await takenOver(engine, [a, worker.of('start')[2]!.command])
  await resumed(again, 2)
  print(again, a, 1, 'of a')
  end(again, a, 2)
  await until('the last command', () => again.of('start').length === 1)
  end(again, worker.of('start')[2]!.command)
  end(again, again.of('start')[0]!.command)
  expect(await ended()).toMatchObject({ results: SUCCESS, properties: { a: ['of a\n', expect.anything()], b: ['of b\n', expect.anything()] } })
  expect(await rows('SELECT 1 FROM effects')).toEqual([])
})

test('what is printed beside a command is not taken for its output in a replay', async () => {
  await configured(`async ctx => {
    const one = ctx.command('one')
    const two = ctx.command('two')
    await ctx.now()
    ctx.print('printed beside')
    await ctx.setProperty('out', [(await one).stdout, (await two).stdout])
  }`)
  const { engine, worker } = await begun()
  const [one, two] = await started(worker, 2) as [string, string]
  await committed(1)
  print(worker, one, 1, '1')
  await committed(2)
  print(worker, two, 1, '2')
  await committed(3)
  print(worker, one, 2, '1 again')
  await committed(4)
  const again = await takenOver(engine, [one, two])
  await resumed(again, 2)
  end(again, one, 3)
  end(again, two, 2)
  expect((await ended()).properties['out']![0]).toEqual(['1\n1 again\n', '2\n'])
})

test('a function that does something else in a replay ends its build RETRY, and nothing of it goes on', async () => {
  await configured(`async function other(ctx) { await ctx.now(); await ctx.command(['c', String(Math.random())]) }`)
  const { engine, worker } = await begun()
  const [command] = await started(worker) as [string]
  const again = await takenOver(engine, [command])
  expect(await ended()).toMatchObject({ results: RETRY, state_string: 'not replayable: effect 2 was another command' })
  await until('the command to be killed', () => again.killed.includes(command))
  expect(again.of('decide').flatMap(({ resume }) => resume)).toEqual([])
})

test('once: its answer is kept; what it was doing when the engine died is unknown, unless it may be done again', async () => {
  const { url, requests } = await server(response => { if (requests.length > 1) response.end('{}') })
  const step = (name: string, options: string) => `steps.custom({ name: '${name}', run: async ctx => { await ctx.once('post', async () => { await fetch('${url}/${name}', { method: 'POST' }) }, ${options}); ctx.print('after') } })`
  await configured(step('careful', '{}'))
  const first = await begun()
  await until('the request', () => requests.length === 1)
  await takenOver(first.engine)
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toContain(`once 'post': unknown whether it happened`)
  expect(requests).toEqual(['POST /careful'])
  for (const engine of engines.splice(0)) await engine.stop()
  await world.close()

  requests.length = 0
  await configured(step('again', '{ idempotent: true }'))
  const second = await begun()
  await until('the request', () => requests.length === 1)
  await takenOver(second.engine)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect(requests).toEqual(['POST /again', 'POST /again'])
})

test('once: answers, throws and is not run again; nothing of ctx can be used in it', async () => {
  await configured(`steps.custom({ name: 's', run: async ctx => {
    const counted = globalThis as { count?: number }
    const answer = await ctx.once('counts', () => ({ n: counted.count = (counted.count ?? 0) + 1 }))
    const thrown = await ctx.once('throws', () => { throw new RangeError('mine') }).catch(error => error.message)
    await ctx.command('x')
    await ctx.setProperty('got', [answer.n, thrown, counted.count ?? null])
    await ctx.once('uses ctx', async () => { await ctx.now() }).catch(() => {})
  } })`)
  const { engine, worker } = await begun()
  const [command] = await started(worker) as [string]
  const again = await takenOver(engine, [command])
  await resumed(again, 1)
  end(again, command)
  const build = await ended()
  // The new engine's thread has counted nothing.
  expect(build).toMatchObject({ results: EXCEPTION, properties: { got: [[1, 'RangeError: mine', null], 's'] } })
  expect(await stepText()).toContain(`ctx.once('uses ctx'): its function uses ctx (time)`)
})

test('http: redirects, headers with secrets, no answer, and a POST that is under way when the engine dies', async () => {
  const seen: unknown[] = []
  const target = await server((response, _, headers) => { seen.push(headers['x-key'] ?? null); response.end('x'.repeat(2 * 1024 * 1024)) })
  const { url, requests } = await server((response, path, headers) => {
    if (path === '/moved') { seen.push(headers['x-key']); response.writeHead(302, { location: `${target.url}/there` }).end() }
    else if (path === '/json') response.writeHead(201, { 'content-type': 'application/json' }).end('{"n":1}')
  })
  await configured(`steps.custom({ name: 's', run: async ctx => {
    const moved = await ctx.http({ url: '${url}/moved', headers: { 'x-key': util.secret('token') } })
    const made = await ctx.http({ url: '${url}/json', method: 'PUT', json: { a: 1 } })
    const refused = await ctx.http('http://127.0.0.1:1/').catch(error => error.message)
    await ctx.setProperty('got', [moved.status, moved.url, moved.body.length, moved.truncated, made.ok, made.status, made.json(), refused])
    await ctx.http({ url: util.interpolate('${url}/posted?%(secret:token)s'), method: 'POST', timeout: 60 })
  } })`)
  const { engine } = await begun()
  await until('the POST', () => requests.includes('POST /posted?hunter2'))
  await takenOver(engine)
  const build = await ended()
  expect(build).toMatchObject({ results: EXCEPTION })
  expect(build.properties['got']![0]).toEqual([200, `${target.url}/there`, 1024 * 1024, true, true, 201, { n: 1 }, expect.stringContaining('GET http://127.0.0.1:1/: ')])
  expect(await stepText()).toContain(`http POST ${url}/posted?<token>: unknown whether it happened`)
  expect([requests, seen]).toEqual([['GET /moved', 'PUT /json', 'POST /posted?hunter2'], ['hunter2', null]])
})

test('trigger: buildsets once, their properties and sourcestamps, and the results of those waited for', async () => {
  await configured(`steps.custom({ name: 's', run: async ctx => {
    await ctx.setProperty('got_revision', 'abc')
    const { buildsets } = await ctx.trigger({ builders: 'other', reason: 'by hand', alwaysUseLatest: true })
    const waited = await ctx.trigger({ schedulers: ['t', 'u'], waitForFinish: true, properties: { who: 'step' }, sourcestamps: [{ codebase: '', branch: 'dev' }] })
    await ctx.setProperty('waited', [buildsets.length, waited.buildsets.length, waited.results, waited.builds.map(build => [build.scheduler, build.builder, build.number, build.results])])
  } })`)
  const { engine } = await begun()
  await until('the children', async () => (await rows('SELECT 1 FROM build_requests WHERE waited_for')).length === 3)
  await takenOver(engine)
  const children = await rows<{ id: number; scheduler: string | null; reason: string; properties: object; branch: string | null; revision: string | null; waited: boolean; parent: string }>(
    `SELECT r.id, s.scheduler, s.reason, s.properties, t.branch, t.revision, r.waited_for AS waited, s.parent_relationship AS parent FROM buildsets s JOIN build_requests r ON r.buildset_id = s.id
     JOIN buildset_sourcestamps bs ON bs.buildset_id = s.id JOIN sourcestamps t ON t.id = bs.sourcestamp_id WHERE s.parent_build_id IS NOT NULL ORDER BY r.id`)
  expect(children).toMatchObject([
    { scheduler: null, reason: 'by hand', properties: {}, branch: null, revision: null, waited: false, parent: 'Triggered from' },
    { scheduler: 't', reason: 'because', properties: { from: ['scheduler', 'Scheduler'], who: ['step', 'Trigger'], scheduler: ['t', 'Scheduler'] }, branch: 'dev', waited: true },
    { scheduler: 't' }, { scheduler: 'u', branch: 'dev', waited: true },
  ])
  for (const [index, { id }] of children.entries()) await transaction(world.db, null, tx => completeRequests(tx, [{ requestId: id, results: index === 2 ? FAILURE : SUCCESS }]))
  await engines.at(-1)!.children.sweep()
  expect((await ended()).properties['waited']![0]).toEqual([1, 2, FAILURE, [['t', 'child', null, SUCCESS], ['t', 'other', null, FAILURE], ['u', 'child', null, SUCCESS]]])
  expect(await rows('SELECT 1 FROM buildsets')).toHaveLength(4)
})

test('trigger: a patch goes along with the sourcestamps that are passed on, and no other patch does', async () => {
  await configured(`steps.custom({ name: 's', run: async ctx => {
    await ctx.trigger({ schedulers: ['t'] })
    await ctx.trigger({ builders: 'other', sourcestamps: Object.values(ctx.sourcestamps).map(stamp => ({ ...stamp, revision: 'r' })) })
    await ctx.trigger({ builders: 'other', sourcestamps: [{ ...ctx.sourcestamps[''], revision: 'foreign', patch: { ...ctx.sourcestamps[''].patch, id: 4711 } }] })
    await ctx.setProperty('level', ctx.sourcestamps[''].patch.level)
  } })`)
  await begun([{ codebase: '', repository: '', project: '', branch: null, revision: null, patch: { level: 2, body: 'diff', subdir: '.', author: 'ann', comment: '' } }])
  expect((await ended()).properties['level']![0]).toBe(2)
  const children = await rows<{ revision: string | null; body: string | null }>(
    `SELECT DISTINCT t.revision, p.body FROM buildsets s JOIN buildset_sourcestamps b ON b.buildset_id = s.id JOIN sourcestamps t ON t.id = b.sourcestamp_id LEFT JOIN patches p ON p.id = t.patch_id WHERE s.parent_build_id IS NOT NULL ORDER BY t.revision NULLS FIRST`)
  expect(children).toEqual([{ revision: null, body: 'diff' }, { revision: 'foreign', body: null }, { revision: 'r', body: 'diff' }])
})

test('steps.trigger: the worst of the children that count; a stop of the parent cancels them', async () => {
  await configured(`steps.trigger({ schedulerNames: ['t', util.property('second', 'u')], waitForFinish: true, unimportantSchedulerNames: ['u'], setProperties: { number: util.property('buildnumber') } })`)
  const { engine } = await begun()
  const children = await until('the children', async () => { const found = await rows<{ id: number; properties: object }>('SELECT r.id, s.properties FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id WHERE waited_for ORDER BY r.id'); return found.length === 3 && found })
  expect(children[0]).toMatchObject({ properties: { number: [1, 'Trigger'] } })
  await transaction(world.db, null, tx => completeRequests(tx, [{ requestId: children[2]!.id, results: FAILURE }]))
  await until('the URLs', async () => (await rows<{ urls: unknown[] }>('SELECT urls FROM steps WHERE build_id = (SELECT min(id) FROM builds)'))[0]!.urls.length === 3)
  engine.runs.byId((await rows<{ id: number }>('SELECT min(id) AS id FROM builds'))[0]!.id)!.stop('enough')
  expect(await ended()).toMatchObject({ results: CANCELLED })
  await until('the children to be cancelled', async () => (await rows(`SELECT 1 FROM build_requests WHERE waited_for AND results = ${CANCELLED}`)).length === 2)
})

test('steps.trigger: ends with what came of the children, and children of a lost parent are cancelled', async () => {
  await configured(`steps.trigger({ schedulerNames: ['t', 'u'], waitForFinish: true, unimportantSchedulerNames: ['u'] })`)
  const { engine, worker } = await begun()
  const children = await until('the children', async () => { const found = await rows<{ id: number }>('SELECT id FROM build_requests WHERE waited_for ORDER BY id'); return found.length === 3 && found })
  for (const [index, { id }] of children.entries()) await transaction(world.db, null, tx => completeRequests(tx, [{ requestId: id, results: index === 2 ? FAILURE : SUCCESS }]))
  await engine.children.sweep()
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect(await stepText()).toBe('triggered t, u')
  worker.close()
  await rows(`UPDATE build_requests SET state = 'pending', results = NULL WHERE id = ${children[0]!.id}`)
  await engine.children.cancelOrphans()
  expect(await rows(`SELECT results FROM build_requests WHERE id = ${children[0]!.id}`)).toEqual([{ results: CANCELLED }])
})

test('an unknown builder, and one thing too many', async () => {
  await configured(`async ctx => { await ctx.trigger({ builders: ['nobody'] }) }`)
  await begun()
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toBe(`the active configuration has no builder 'nobody'`)
})

test('files on the worker', async () => {
  await configured(`async ctx => {
    await ctx.worker.mkdir('a/b', 'c')
    const status = await ctx.worker.stat('a')
    await ctx.setProperty('got', [status?.isDirectory ?? null, await ctx.worker.exists('x'), await ctx.worker.listdir('a')])
    await ctx.worker.copy('a', 'd')
  }`)
  const { engine, worker } = await begun()
  const answer = (target: TestWorker, command: string, rc: number, result?: number[] | string[]) => target.send({ type: 'ended', command, seq: 1, rc, failureReason: null, elapsed: 0, ...(result ? { result } : {}) })
  answer(worker, (await started(worker))[0]!, 0)
  answer(worker, (await started(worker, 2))[1]!, 0, [0o040755, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await started(worker, 3)
  await effectsEnded(2)
  const again = await takenOver(engine)
  answer(again, (await started(again))[0]!, 2)
  answer(again, (await started(again, 2))[1]!, 0, ['b'])
  answer(again, (await started(again, 3))[2]!, 1)
  expect((await ended()).properties['got']![0]).toEqual([true, false, ['b']])
  expect(await stepText()).toContain(`ctx.worker.copy('a', 'd') ended with errno 1`)
  expect([...worker.of('start'), ...again.of('start')].map(({ kind, args }) => [kind, args])).toEqual([
    ['mkdir', { paths: ['b/a/b', 'b/c'] }], ['stat', { path: 'b/a' }], ['stat', { path: 'b/x' }], ['stat', { path: 'b/x' }], ['listdir', { path: 'b/a' }], ['cpdir', { from: 'b/a', to: 'b/d' }],
  ])
})

test('data and test results of a build are kept once, whatever is run again', async () => {
  await configured(`async ctx => {
    await ctx.setBuildData('report', new Uint8Array([0, 255]))
    await ctx.setBuildData('report', 'ünal\\0')
    await ctx.setBuildData('bytes_2', new Uint8Array([0, 255]), 'elsewhere')
    await ctx.addTestResultSet({ description: 'unit', results: [{ name: 'b', value: true, duration: 1.5 }, { name: 'a', value: false, codePath: 'a.c', line: 3 }, { value: 1 }] })
    await ctx.command('wait')
    await ctx.addTestResultSet({ category: 'performance', valueUnit: 's', results: [{ name: 'boot', value: 3.25 }] })
  }`)
  const { engine, worker } = await begun()
  const [command] = await started(worker) as [string]
  const again = await takenOver(engine, [command])
  await resumed(again, 1)
  end(again, command)
  expect(await ended()).toMatchObject({ results: SUCCESS })
  expect(await rows(`SELECT name, encode(value, 'hex') AS value, source FROM build_data ORDER BY name`)).toEqual([
    { name: 'bytes_2', value: '00ff', source: 'elsewhere' }, { name: 'report', value: Buffer.from('ünal\0').toString('hex'), source: 'custom' },
  ])
  expect(await rows('SELECT description, category, value_unit, tests_passed, tests_failed, complete FROM test_result_sets ORDER BY id')).toEqual([
    { description: 'unit', category: 'pass_fail', value_unit: 'boolean', tests_passed: 2, tests_failed: 1, complete: true },
    { description: null, category: 'performance', value_unit: 's', tests_passed: 0, tests_failed: 0, complete: true },
  ])
  expect(await rows('SELECT test_name, test_code_path, line, duration_ns, value FROM test_results ORDER BY id')).toEqual([
    { test_name: 'b', test_code_path: null, line: null, duration_ns: 1_500_000_000, value: '1' }, { test_name: 'a', test_code_path: 'a.c', line: 3, duration_ns: null, value: '0' },
    { test_name: null, test_code_path: null, line: null, duration_ns: null, value: '1' }, { test_name: 'boot', test_code_path: null, line: null, duration_ns: null, value: '3.25' },
  ])
})

test.each([
  [`ctx.setBuildData('a/b', 'x')`, `name is "a/b"`], [`ctx.setBuildData('a', 7)`, 'the value is 7, expected a text or bytes'], [`ctx.setBuildData('a', 'x'.repeat(8_388_609))`, 'the value has 8388609 bytes'],
  [`ctx.addTestResultSet({ results: [{ value: true }, {}] })`, 'results[1].value is nothing'], [`ctx.addTestResultSet({ results: [{ value: true, line: 1.5 }] })`, 'results[0].line is 1.5'],
])('%s is refused where it is called', async (call, message) => {
  await configured(`async ctx => { await ${call} }`)
  await begun()
  expect(await ended()).toMatchObject({ results: EXCEPTION })
  expect(await stepText()).toContain(message)
})
