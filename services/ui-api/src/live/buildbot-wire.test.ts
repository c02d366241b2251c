import { SUCCESS } from '@yardmaster/domain'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { settles } from '../../../../test/kit/until.js'
import { aBuilder, aConfiguration } from '../../../../test/kit/installation.js'
import { startApi, type TestApi } from '../testing/api.js'
import { connectWorker, finish, request, start } from '../testing/builds.js'

/** What goes over the wires to Buildbot's clients, to the letter. */
let api: TestApi
let worker: Awaited<ReturnType<typeof connectWorker>>
beforeAll(async () => {
  api = await startApi(aConfiguration({ builders: [aBuilder('b1', { collapseRequests: false })] }))
  worker = await connectWorker(api, 'w1')
})
afterAll(() => api?.close())

const open: (() => void)[] = []
afterEach(() => { for (const close of open.splice(0)) close() })

async function webSocket() {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/ws`)
  open.push(() => socket.terminate())
  const texts: string[] = []
  socket.on('message', data => texts.push(String(data)))
  await new Promise((resolve, reject) => { socket.once('open', resolve).once('error', reject) })
  const next = async (frame: unknown) => {
    const before = texts.length
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    await settles(() => expect(texts.length).toBeGreaterThan(before))
    return JSON.parse(texts[before] ?? '') as unknown
  }
  const event = (k: string) => settles(() => texts.find(text => text.startsWith(`{"k":"${k}","m":`)) ?? expect.fail(`no ${k} among ${texts.join('\n')}`))
  return { next, event, texts }
}

describe('the answers of /ws', () => {
  it.each([
    [{ cmd: 'ping', _id: 1 }, { msg: 'pong', code: 200, _id: 1 }],
    [{ cmd: 'startConsuming', path: 'builds/*/*', _id: 2 }, { msg: 'OK', code: 200, _id: 2 }],
    [{ cmd: 'startConsuming', path: 'builds/*/*', _id: 'again' }, { msg: 'OK', code: 200, _id: 'again' }],
    [{ cmd: 'startConsuming', path: 'nothing/of/ours', type: 'x' }, { msg: 'OK', code: 200, _id: null }],
    [{ cmd: 'startConsuming', path: 7, _id: 0 }, { error: "invalid path format '7'", code: 400, _id: 0 }],
    [{ cmd: 'stopConsuming', path: 'a/b', _id: { odd: [true] } }, { error: "path was not consumed 'a/b'", code: 400, _id: { odd: [true] } }],
    [{ cmd: 'dance', _id: 3 }, { error: "no such command type 'dance'", code: 404, _id: 3 }],
    [{ cmd: '', _id: 3 }, { error: "no such command type ''", code: 404, _id: 3 }],
    [{ _id: 4 }, { error: "no 'cmd' in websocket frame", code: 400, _id: null }],
    [{ cmd: 'ping' }, { error: "no '_id' or 'type' in websocket frame", code: 400, _id: null }],
    [{ cmd: 'ping', _id: null }, { error: "no '_id' or 'type' in websocket frame", code: 400, _id: null }],
  ])('%j: %j', async (frame, answer) => {
    expect(await (await webSocket()).next(frame)).toEqual(answer)
  })

  it('goes on after what is no frame', async () => {
    const { next } = await webSocket()
    for (const odd of ['{', '[]', 'null', '"x"', '{"cmd":7,"_id":1}']) expect(await next(odd)).toMatchObject({ code: 400 })
    expect(await next({ cmd: 'ping', _id: 9 })).toEqual({ msg: 'pong', code: 200, _id: 9 })
  })

  it('several paths and lengths of wildcards tell each event once, under each of its paths', async () => {
    const { next, event, texts } = await webSocket()
    for (const path of ['*/*/*', 'builds/*/*', 'builds/*/new', 'builders/*/builds/*/*', 'workers/*/builds/*/finished']) await next({ cmd: 'startConsuming', path, _id: path })
    const build = await start(api, await request(api, 'b1'), { worker })
    await finish(api, build, SUCCESS)
    await event(`workers/${worker.workerId}/builds/${build.buildId}/finished`)
    const keys = texts.flatMap(text => (text.startsWith('{"k"') ? [(JSON.parse(text) as { k: string }).k] : []))
    expect(keys.filter(key => key === `builds/${build.buildId}/new`)).toHaveLength(1)
    expect(keys.filter(key => key === `builders/1/builds/${build.number}/new`)).toHaveLength(1)
    expect(keys).not.toContain(`workers/${worker.workerId}/builds/${build.buildId}/new`)
  })
})

describe('control actions', () => {
  it('are told under control/, with their reason', async () => {
    const { next, event } = await webSocket()
    await next({ cmd: 'startConsuming', path: 'control/*/*/*', _id: 1 })
    const asked = await request(api, 'b1')
    expect((await api.control(`buildrequests/${asked.requestId}`, 'cancel', { reason: 'not needed' })).body).toEqual({ jsonrpc: '2.0', id: 7, result: null })
    expect(await event(`control/buildrequests/${asked.requestId}/cancel`)).toMatch(/"m":\{"reason":"not needed"\}\}$/)
    await api.control('workers/w1', 'pause')
    expect(await event(`control/worker/${worker.workerId}/pause`)).toMatch(/"m":\{"reason":"no reason"\}\}$/)
    await api.control('workers/w1', 'unpause')
    const build = await start(api, await request(api, 'b1'), { worker })
    await api.control(`builders/1/builds/${build.number}`, 'stop', { reason: 'enough' })
    expect(await event(`control/builds/${build.buildId}/stop`)).toMatch(/"m":\{"reason":"enough"\}\}$/)
    await finish(api, build, SUCCESS)
  })
})

describe('/sse', () => {
  const listen = async (path: string) => {
    const abort = new AbortController()
    open.push(() => abort.abort())
    const response = await fetch(`${api.url}/sse${path}`, { signal: abort.signal })
    let text = ''
    const done = (async () => { for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part })().catch(() => {})
    void done
    const has = (pattern: RegExp) => settles(() => pattern.exec(text) ?? expect.fail(`no ${pattern} in ${text}`))
    return { response, has }
  }

  it.each(['/listen/builds/*/*', '/builds/*/*', '/listen/builds/*/*/'])('%s begins with a handshake and tells events', async path => {
    const { response, has } = await listen(path)
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    await has(/^event: handshake\ndata: [0-9a-f-]{36}\n\n/)
    const build = await start(api, await request(api, 'b1'), { worker })
    await has(new RegExp(`event: event\n(id: [^\n]*\n)?data: \\{"key":\\["builds","${build.buildId}","new"\\],"message":\\{.*\\}\\}\n`))
    await finish(api, build, SUCCESS)
  })

  it('answers add and remove as Buildbot does', async () => {
    const { has } = await listen('')
    const [, uuid] = await has(/data: ([0-9a-f-]{36})\n/)
    const say = async (path: string) => {
      const { status, headers, text } = await api.get(`/sse/${path}`)
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
      return [status, text]
    }
    expect(await say(`add/${uuid}/changes/*/*`)).toEqual([200, 'ok'])
    expect(await say(`remove/${uuid}/changes/*/*`)).toEqual([200, 'ok'])
    expect(await say(`remove/${uuid}/changes/*/*`)).toEqual([404, 'consumer is not listening to this event'])
    expect(await say('add/00000000-0000-4000-8000-000000000000/changes/*/*')).toEqual([400, 'unknown uuid'])
    expect(await say('add')).toEqual([400, 'need uuid'])
    expect(await say(`add/${uuid}`)).toEqual([200, 'ok'])
  })
})
