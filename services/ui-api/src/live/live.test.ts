import { transaction } from '@yardmaster/db'
import { addTestResultSet } from '@yardmaster/db/verbs/add-test-result-set'
import { requestStop } from '@yardmaster/db/verbs/stop-build'
import type { EventType } from '@yardmaster/domain'
import { SUCCESS } from '@yardmaster/domain'
import { createClient, installationCounts, type LiveEvent } from '@yardmaster/rest'
import { systemClock } from '@yardmaster/runtime'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { settles } from '../../../../test/kit/until.js'
import { aBuilder, aConfiguration, bringGeneration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { accept, aChange, connectWorker, finish, request, start, writeLog, type Started } from '../testing/builds.js'

let api: TestApi
let worker: Awaited<ReturnType<typeof connectWorker>>
beforeAll(async () => {
  api = await startApi(aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false })] }))
  worker = await connectWorker(api, 'w1')
})
afterAll(() => api?.close())

const open: (() => void)[] = []
afterEach(() => { for (const close of open.splice(0)) close() })

const build = async () => start(api, await request(api, 'b1'), { worker, properties: { p: [1, 'x'] } })

function publish(type: EventType, id: number, parents: object) {
  return transaction(api.db, null, async tx => tx.publish({ type, id, version: 2, project: null, parents }))
}

type Frame = { position?: string; k?: string; m?: { [field: string]: unknown }; msg?: string; error?: string; code?: number; _id?: number }

async function webSocket(headers: { [name: string]: string } = {}) {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`, { headers })
  open.push(() => socket.terminate())
  const frames: Frame[] = []
  socket.on('message', data => frames.push(JSON.parse(String(data))))
  await new Promise((resolve, reject) => { socket.once('open', resolve).once('error', reject) })
  let id = 0
  const ask = async (frame: object) => {
    const _id = id++
    socket.send(JSON.stringify({ ...frame, _id }))
    return settles(() => frames.find(found => found._id === _id) ?? expect.fail('no answer yet'))
  }
  const events = () => frames.filter(frame => frame.k !== undefined)
  return { socket, ask, events, event: (k: string) => settles(() => events().find(frame => frame.k === k) ?? expect.fail(`no ${k} yet; ${events().map(frame => frame.k).join(' ')}`)) }
}

describe('web socket', () => {
  it('tells the life of a build under every path of Buildbot', async () => {
    const all = await webSocket()
    for (const path of ['builds/*/*', 'builders/1/builds/*/*', `workers/${worker.workerId}/builds/*/*`, 'buildrequests/*/*', 'buildsets/*/builders/*/buildrequests/*/*', 'buildsets/*/complete', 'steps/*/*', 'builds/*/steps/*/*']) {
      expect(await all.ask({ cmd: 'startConsuming', path })).toMatchObject({ msg: 'OK', code: 200 })
    }
    const started = await build()
    const { buildId, number, requestId, buildsetId } = started
    const message = (await all.event(`builds/${buildId}/new`)).m
    expect(message).toEqual((await api.rows(`builds/${buildId}`))[0])
    await all.event(`builders/1/builds/${number}/new`)
    await all.event(`workers/${worker.workerId}/builds/${buildId}/new`)
    await all.event(`buildrequests/${requestId}/claimed`)
    await all.event(`buildsets/${buildsetId}/builders/1/buildrequests/${requestId}/new`)
    await all.event(`builds/${buildId}/steps/${started.steps[0]!.id}/new`)
    await all.event(`steps/${started.steps[1]!.id}/new`)
    await transaction(api.db, null, tx => requestStop(tx, { buildId, reason: 'r', actor: 'user:anonymous' }))
    await all.event(`builds/${buildId}/update`)
    await finish(api, started, SUCCESS)
    expect((await all.event(`builds/${buildId}/finished`)).m).toMatchObject({ results: 0, complete: true, number })
    expect((await all.event(`buildsets/${buildsetId}/complete`)).m).toMatchObject({ bsid: buildsetId, complete: true })
    expect(all.events().filter(frame => frame.k === `builds/${buildId}/new`)).toHaveLength(1)
  })

  it("tells projects of a configuration, a build's logs under its own path, and sets of test results from their beginning to their end", async () => {
    const all = await webSocket()
    for (const path of ['projects/*/*', 'test_result_sets/*/*', 'builds/*/logs/*/*']) await all.ask({ cmd: 'startConsuming', path })
    await bringGeneration(api.db, aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false })], projects: [{ name: 'hello', slug: 'hello', description: 'what we say' }] }), 'with a project')
    const [project] = await api.rows('projects?name=hello') as [{ projectid: number }]
    expect((await all.event(`projects/${project.projectid}/update`)).m).toEqual(project)
    const started = await build()
    const { buildId, builderId } = started
    const stepId = started.steps[0]!.id
    const logId = await writeLog(api, stepId, { lines: ['oone'], chunks: [1] })
    await publish('log.append', logId, { build: buildId, step: stepId, slug: 'stdio' })
    expect((await all.event(`builds/${buildId}/logs/${logId}/append`)).m).toMatchObject({ logid: logId, stepid: stepId, num_lines: 1 })
    const set = { description: 'unit', category: 'pass_fail', valueUnit: 'boolean', results: [{ name: 'a', codePath: null, line: null, durationNs: null, value: '1' }] }
    const setId = await transaction(api.db, null, tx => addTestResultSet(tx, { builderId, buildId, stepId, project: null, set }))
    for (const event of ['new', 'completed']) expect((await all.event(`test_result_sets/${setId}/${event}`)).m).toEqual((await api.rows(`test_result_sets/${setId}`))[0])
    await finish(api, started, SUCCESS)
  })

  it('tells only what was asked for, and no more after stopConsuming', async () => {
    const some = await webSocket()
    const witness = await webSocket()
    await some.ask({ cmd: 'startConsuming', path: 'changes/*/new' })
    await some.ask({ cmd: 'startConsuming', path: 'changes/*/*' })
    await witness.ask({ cmd: 'startConsuming', path: 'changes/*/*' })
    const first = await accept(api, aChange('live1'))
    expect((await some.event(`changes/${first}/new`)).m).toMatchObject({ revision: 'live1', sourcestamp: { revision: 'live1' } })
    expect(some.events()).toHaveLength(1)
    expect(await some.ask({ cmd: 'stopConsuming', path: 'changes/*/*' })).toMatchObject({ code: 200 })
    expect(await some.ask({ cmd: 'stopConsuming', path: 'changes/*/new' })).toMatchObject({ code: 200 })
    const second = await accept(api, aChange('live2'))
    await witness.event(`changes/${second}/new`)
    expect(some.events()).toHaveLength(1)
  })

  it('speaks the protocol', async () => {
    const { ask, socket } = await webSocket()
    expect(await ask({ cmd: 'ping' })).toMatchObject({ msg: 'pong', code: 200 })
    expect(await ask({ cmd: 'dance' })).toMatchObject({ error: "no such command type 'dance'", code: 404 })
    expect(await ask({ cmd: 'startConsuming', path: 3 })).toMatchObject({ code: 400 })
    expect(await ask({ cmd: 'stopConsuming', path: 'none' })).toMatchObject({ error: "path was not consumed 'none'", code: 400 })
    expect(await ask({ cmd: 'startConsuming', path: 'x'.repeat(300) })).toMatchObject({ error: 'invalid path format: it is longer than that of any event', code: 400 })
    socket.send('{')
    expect(await ask({ cmd: 'ping' })).toMatchObject({ msg: 'pong' })
  })

  it('drops a client that does not take what it asked for', async () => {
    const slow = await webSocket()
    const witness = await webSocket()
    for (const socket of [slow, witness]) await socket.ask({ cmd: 'startConsuming', path: 'changes/*/new' })
    slow.socket.pause()
    const comments = 'x'.repeat(1_000_000)
    const ids: number[] = []
    for (let n = 0; n < 24; n++) ids.push(await accept(api, aChange(`slow${n}`, { comments })))
    await witness.event(`changes/${ids.at(-1)}/new`)
    const closed = new Promise(resolve => { slow.socket.once('close', resolve) })
    slow.socket.resume()
    await closed
    expect(slow.events().length).toBeLessThan(24)
    expect(witness.events()).toHaveLength(24)
  })

  it('goes on where another one ended, for clients that ask for positions', async () => {
    const first = await webSocket()
    const begun = await first.ask({ cmd: 'startConsuming', paths: ['changes/*/new', 'buildsets/*/new'], position: true })
    expect(begun).toMatchObject({ msg: 'OK', code: 200, position: expect.stringMatching(/^\d+:\d+$/) })
    const ids: number[] = []
    for (let n = 0; n < 3; n++) ids.push(await accept(api, aChange(`resumed${n}`)))
    const { position } = await first.event(`changes/${ids[0]}/new`).then(() => first.events()[0]!)
    await first.event(`changes/${ids[2]}/new`)
    first.socket.terminate()
    const second = await webSocket()
    expect(await second.ask({ cmd: 'startConsuming', paths: ['changes/*/new', 'buildsets/*/new'], after: position, position: true })).toMatchObject({ code: 200, position, resync: false })
    await second.event(`changes/${ids[2]}/new`)
    expect(second.events()).toEqual(first.events().slice(1))
    expect(await second.ask({ cmd: 'startConsuming', path: 'builds/*/*', after: position })).toMatchObject({ code: 400 })
    const third = await webSocket()
    expect(await third.ask({ cmd: 'startConsuming', path: 'changes/*/new', after: '1:5', position: true })).toMatchObject({ code: 200, resync: true, position: expect.stringMatching(/^\d+:\d+$/) })
  })

  it('tells what runs and waits to who begins to listen, and when it has become another', async () => {
    const counts = async () => installationCounts.parse((await api.get('/api/yard/v1/counts')).body)
    const before = await counts()
    const one = await webSocket()
    await one.ask({ cmd: 'startConsuming', paths: ['counts/builds/update'], position: true })
    expect(await one.event('counts/builds/update')).toEqual({ k: 'counts/builds/update', m: before })
    const started = await build()
    await request(api, 'b1')
    const after = { running: before.running + 1, waiting: before.waiting + 1 }
    await settles(() => expect(one.events().at(-1)?.m).toEqual(after))
    expect(await counts()).toEqual(after)
    const two = await webSocket()
    await two.ask({ cmd: 'startConsuming', path: 'builds/*/*' })
    await two.ask({ cmd: 'startConsuming', path: 'counts/builds/update' })
    expect((await two.event('counts/builds/update')).m).toEqual(after)
    await finish(api, started, SUCCESS)
    await settles(() => expect(one.events().at(-1)?.m).toEqual({ ...after, running: before.running }))
  })

  it('does not hold up the stop of its server by a client that sleeps', async () => {
    const replica = await api.replica()
    const socket = new WebSocket(`${replica.url.replace('http', 'ws')}/ws`)
    open.push(() => socket.terminate())
    await new Promise((resolve, reject) => { socket.once('open', resolve).once('error', reject) })
    socket.pause()
    await replica.close()
  })

  it('is not for pages of other sites', async () => {
    await expect(webSocket({ origin: 'https://evil.example' })).rejects.toThrow('403')
    await webSocket({ origin: api.url })
  })

  it('properties and logs', async () => {
    const started: Started = await build()
    const step = started.steps[0]!.id
    const logid = await writeLog(api, step, { lines: ['oone', 'otwo'], chunks: [2] })
    const socket = await webSocket()
    for (const path of [`builds/${started.buildId}/properties/*`, `logs/${logid}/*`, `steps/${step}/logs/stdio/append`]) await socket.ask({ cmd: 'startConsuming', path })
    await publish('build.properties', started.buildId, {})
    await publish('log.append', logid, { step, slug: 'stdio', build: started.buildId })
    expect((await socket.event(`builds/${started.buildId}/properties/update`)).m).toEqual({ p: [1, 'x'], buildnumber: [started.number, 'Build'] })
    expect((await socket.event(`logs/${logid}/append`)).m).toMatchObject({ logid, num_lines: 2, slug: 'stdio' })
    await socket.event(`steps/${step}/logs/stdio/append`)
  })
})

describe('server-sent events', () => {
  type Stream = { text: () => string; until: (part: RegExp) => Promise<RegExpMatchArray | null> }
  async function listen(path: string, headers: { [name: string]: string } = {}): Promise<Stream> {
    const abort = new AbortController()
    open.push(() => abort.abort())
    const response = await fetch(`${api.url}/sse/${path}`, { signal: abort.signal, headers })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    const read = async () => { for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString() }
    read().catch(() => {})
    return { text: () => text, until: part => settles(() => text.match(part) ?? expect.fail(`no ${String(part)} in ${text}`)) }
  }

  it('handshake, then events; paths are added and removed', async () => {
    const stream = await listen('listen/changes/*/new')
    const id = (await stream.until(/^event: handshake\ndata: ([0-9a-f-]{36})\n\n/))?.[1]
    const change = await accept(api, aChange('sse1'))
    const data = (await stream.until(/event: event\ndata: (.*)\n\n/))?.[1] ?? ''
    expect(JSON.parse(data)).toMatchObject({ key: ['changes', String(change), 'new'], message: { changeid: change, revision: 'sse1' } })
    const say = async (path: string) => (await api.get(`/sse/${path}`)).status
    expect(await say(`add/${id}/buildsets/*/new`)).toBe(200)
    expect(await say(`remove/${id}/changes/*/new`)).toBe(200)
    expect(await say(`remove/${id}/changes/*/new`)).toBe(404)
    expect(await say('add/nobody/builds/*/*')).toBe(400)
    expect(await say(`add/${id}/${'x'.repeat(300)}`)).toBe(400)
    await accept(api, aChange('sse2'))
    const { buildsetId } = await request(api, 'b1')
    await stream.until(RegExp(`"buildsets","${buildsetId}","new"`))
    expect(stream.text()).not.toContain('sse2')
  })

  it('goes on behind the last id that a client has, or says that it cannot', async () => {
    const first = await listen('listen/changes/*/new')
    await first.until(/^event: handshake\ndata: [0-9a-f-]{36}\n\nid: \d+:\d+\n\n/)
    const ids = [await accept(api, aChange('last1')), await accept(api, aChange('last2')), await accept(api, aChange('last3'))]
    await first.until(RegExp(`"changes","${ids[2]}"`))
    const [one, ...others] = [...first.text().matchAll(/^id: (\S+)\nevent: event\n.*$/gm)]
    for (const again of [await listen('listen/changes/*/new', { 'last-event-id': one![1]! }), await listen(`listen?path=changes/*/new&after=${one![1]}`)]) {
      await again.until(RegExp(`"changes","${ids[2]}"`))
      expect([...again.text().matchAll(/^id: (\S+)\nevent: event\n.*$/gm)].map(String)).toEqual(others.map(String))
      expect(again.text()).not.toContain('resync')
    }
    const lost = await listen('listen/changes/*/new', { 'last-event-id': '5:5' })
    await lost.until(/^event: handshake\ndata: [0-9a-f-]{36}\n\nid: \d+:\d+\nevent: resync\ndata: \{\}\n\n$/)
  })

  it('ends, with a word why, as soon as who listens may not read any more', async () => {
    const stream = await listen('listen/changes/*/new')
    await stream.until(/^event: handshake/)
    const socket = await webSocket()
    await socket.ask({ cmd: 'startConsuming', path: 'changes/*/new' })
    const closed = new Promise<string>(resolve => { socket.socket.once('close', (code, reason) => resolve(`${code} ${String(reason)}`)) })
    const configuration = aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false })] })
    api.setGeneration({ id: api.generationId, configuration: { ...configuration, www: { ...configuration.www, reading: 'closed' } } })
    try {
      await settles(() => stream.text().includes('event: end\ndata: {"reason":"it may not read any more"}\n\n') || expect.fail('not ended yet'))
      expect(await closed).toBe('1008 it may not read any more')
      expect((await api.get('/sse/listen/changes/*/new')).status).toBe(401)
      await expect(webSocket()).rejects.toThrow('401')
    } finally {
      api.setGeneration({ id: api.generationId, configuration })
    }
  })

  it('the client follows several paths, over a connection that breaks', async () => {
    const abort = new AbortController()
    open.push(() => abort.abort())
    const events: LiveEvent[] = []
    const states: boolean[] = []
    const done = createClient({ baseUrl: api.url }).follow(['changes/*/new', 'buildsets/*/new'], {
      onEvent: event => events.push(event), onConnected: state => states.push(state), signal: abort.signal, wait: (ms, signal) => systemClock().sleep(ms, signal), random: () => 0,
    })
    await settles(() => expect(states).toEqual([true]))
    const change = await accept(api, aChange('client'))
    const { buildsetId } = await request(api, 'b1')
    await settles(() => expect(events.map(event => event.k)).toEqual([`changes/${change}/new`, `buildsets/${buildsetId}/new`]))
    expect(events[0]!.m).toMatchObject({ revision: 'client' })
    abort.abort()
    await done
  })
})
