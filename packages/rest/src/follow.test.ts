import { manualClock } from '@yardmaster/runtime'
import { beforeEach, expect, test } from 'vitest'
import { settles } from '../../../test/kit/until.js'
import { follow } from './follow.js'
import { FollowedPaths } from './followed-paths.js'
import { RestError } from './rest-error.js'

/** One connection, worked by hand. */
type Line = { paths: readonly string[]; after: string | undefined; signal: AbortSignal; say(text: string): void; hangUp(): void }

let clock: ReturnType<typeof manualClock>
let lines: Line[]
let heard: string[]
let refusal: Error | null
let changes: string[]
let paths: FollowedPaths
beforeEach(() => { [clock, lines, heard, refusal, changes, paths] = [manualClock(), [], [], null, [], new FollowedPaths(['builds/*/*'])] })

function start() {
  const abort = new AbortController()
  const open = (asked: readonly string[], after: string | undefined, signal: AbortSignal): Promise<Response> => {
    if (refusal) return Promise.reject(refusal)
    let writer: ReadableStreamDefaultController<Uint8Array>
    const body = new ReadableStream<Uint8Array>({ start(controller) { writer = controller } })
    signal.addEventListener('abort', () => { try { writer.error(signal.reason) } catch { /* it has ended */ } })
    lines.push({ paths: asked, after, signal, say: text => writer.enqueue(new TextEncoder().encode(text)), hangUp: () => writer.close() })
    return Promise.resolve(new Response(body))
  }
  const change = (stream: string, verb: 'add' | 'remove', path: string): Promise<void> => {
    changes.push(`${verb} ${stream} ${path}`)
    return path === 'gone/*' ? Promise.reject(new RestError(400, 'unknown uuid')) : Promise.resolve()
  }
  const done = follow({ open, change }, paths, {
    onEvent({ k }) {
      if (k === 'builds/0/new') throw new Error('no such build')
      heard.push(k)
    },
    onConnected: state => heard.push(state ? 'connected' : 'broken'), onResync: () => heard.push('resync'), onAdded: path => heard.push(`added ${path}`),
    signal: abort.signal, wait: (ms, signal) => clock.sleep(ms, signal), random: () => 0.5,
  })
  return { done, stop: () => abort.abort() }
}

const line = (n: number) => settles(() => lines[n - 1] ?? expect.fail(`no connection ${n} yet`))
const hears = (...expected: string[]) => settles(() => expect(heard).toEqual(expected))
const event = (id: string, ...key: string[]) => `id: ${id}\nevent: event\ndata: {"key":${JSON.stringify(key)},"message":{}}\n\n`
const handshake = (id: string) => `event: handshake\ndata: u\n\nid: ${id}\n\n`

test('a stream that breaks is opened again behind what was heard', async () => {
  const { done, stop } = start()
  const first = await line(1)
  expect(first.after).toBeUndefined()
  first.say(handshake('7:1') + event('7:2.1', 'builds', '1', 'new').slice(0, 40))
  first.say(event('7:2.1', 'builds', '1', 'new').slice(40))
  await hears('connected', 'builds/1/new')
  first.hangUp()
  await hears('connected', 'builds/1/new', 'broken')
  await clock.advance(499)
  expect(lines).toHaveLength(1)
  await clock.advance(1)
  const second = await line(2)
  expect(second.after).toBe('7:2.1')
  second.say(': still here\nid: 7:9\n\n')
  second.say('event: handshake\ndata: u\n\nid: 7:12\nevent: resync\ndata: {}\n\n')
  await hears('connected', 'builds/1/new', 'broken', 'connected', 'resync')
  second.hangUp()
  await hears('connected', 'builds/1/new', 'broken', 'connected', 'resync', 'broken')
  await clock.advance(500)
  expect((await line(3)).after).toBe('7:12')
  stop()
  await done
})

test('a server that is silent is given up, one that says anything is not', async () => {
  const { done, stop } = start()
  const first = await line(1)
  first.say(handshake('7:1'))
  await hears('connected')
  await clock.advance(39_000)
  first.say(': still here\n\n')
  await clock.advance(39_000)
  expect(first.signal.aborted).toBe(false)
  await clock.advance(41_000)
  expect(first.signal.aborted).toBe(true)
  await hears('connected', 'broken')
  stop()
  await done
})

test('nobody answers: it is tried again, later each time; a refusal is told', async () => {
  refusal = new RestError(503, 'the database cannot be reached')
  const { done } = start()
  const refused = done.catch(String)
  await clock.advance(900)
  refusal = new RestError(403, 'you may not read')
  await clock.advance(100)
  expect(await refused).toContain('you may not read')
  expect(heard).toEqual([])
})

test('what a listener throws ends it, and is not told again and again', async () => {
  const { done } = start()
  const failed = done.catch(String)
  const first = await line(1)
  first.say(handshake('7:1') + event('7:2.1', 'builds', '0', 'new'))
  expect(await failed).toContain('no such build')
  expect(first.signal.aborted).toBe(true)
  expect(lines).toHaveLength(1)
})

test('paths that become more while it is open are heard by the same stream, or by a new one when that is not there any more', async () => {
  const { done, stop } = start()
  const first = await line(1)
  expect(first.paths).toEqual(['builds/*/*'])
  paths.add('early/*')
  expect(changes).toEqual([])
  first.say(handshake('7:1'))
  await hears('connected', 'added early/*')
  paths.add('steps/3/*', 'early/*')
  await hears('connected', 'added early/*', 'added steps/3/*')
  paths.remove('early/*', 'never/*')
  expect(changes).toEqual(['add u early/*', 'add u steps/3/*', 'remove u early/*'])
  paths.add('gone/*')
  await hears('connected', 'added early/*', 'added steps/3/*', 'broken')
  await clock.advance(500)
  const second = await line(2)
  expect([second.paths, second.after]).toEqual([['builds/*/*', 'steps/3/*', 'gone/*'], '7:1'])
  stop()
  await done
  paths.add('late/*')
  expect(changes).toHaveLength(4)
})
