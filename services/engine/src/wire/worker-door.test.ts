import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createLogger, manualClock, systemClock, systemRandom, type Clock, type Logger } from '@yardmaster/runtime'
import { encode, encodeStock, decodeStock, SUBPROTOCOL, type WorkerMessage } from '@yardmaster/worker-protocol'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../../../../test/kit/until.js'
import type { Link } from './worker-link.js'
import { openWorkerDoor, type AfterHello, type WorkerDoor, type WorkerDoorOptions } from './worker-door.js'

const clock = systemClock()
const silent = createLogger({ name: 'test', level: 'silent' })
const basic = (name: string, password: string) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`
let door: WorkerDoor
let heard: { name: string; message: AfterHello }[]
let attacker: ChildProcess | null = null

async function open({ onHello, ...more }: { clock?: Clock; logger?: Logger; onHello?: WorkerDoorOptions['onHello']; admit?: WorkerDoorOptions['admit'] } = {}): Promise<void> {
  heard = []
  door = await openWorkerDoor({
    host: '127.0.0.1', port: 0, clock, random: systemRandom(), logger: silent,
    admit: ({ name, password }) => Promise.resolve(password === 'pw' ? { name, instanceId: null } : 'refused'), ...more,
    onHello: onHello ?? (({ name }, _newcomer, link) => { link.send({ type: 'welcome', installation: 'i', session: 1, keepaliveMs: 10_000, busyMs: 2_000 }); return Promise.resolve({ onMessage: message => { heard.push({ name, message }) }, onClose: () => {} }) }),
  })
}
afterEach(async () => {
  attacker?.kill('SIGKILL')
  await door.close()
})

const hello: WorkerMessage = { type: 'hello', protocol: 1, process: '00000000-0000-4000-8000-000000000001', version: '0', held: [],
  info: { platform: 'linux', arch: 'x64', cores: 1, memoryBytes: 1, diskFreeBytes: 1, load1: 0, hostname: 'h', basedir: '/w' } }

async function aWorker(name: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${door.port}`, SUBPROTOCOL, { headers: { Authorization: basic(name, 'pw') } })
  await once(socket, 'open')
  socket.send(encode(hello))
  await once(socket, 'message')
  return socket
}

async function aStranger(text: string): Promise<{ socket: Socket; answer(): string }> {
  // Half open: it does not hang up because the other side does.
  const socket = connect({ port: door.port, host: '127.0.0.1', allowHalfOpen: true })
  let said = ''
  socket.on('error', () => {}).on('data', (data: Buffer) => { said += data.toString('latin1') })
  await once(socket, 'connect')
  socket.write(text)
  return { socket, answer: () => said }
}

/** Who writes to a connection that is not there any more hears so. */
function isHungUpOn({ socket }: { socket: Socket }): boolean {
  if (!socket.closed) socket.write('x')
  return socket.closed
}

/** Sends lines while something else goes on; answers how late each was heard. */
async function lateness(worker: WebSocket, during: () => Promise<unknown>): Promise<number[]> {
  const late: number[] = []
  let over = false
  const other = during().finally(() => { over = true })
  for (let seq = 1; !over; seq++) {
    const sent = clock.monotonic()
    worker.send(encode({ type: 'output', command: 'i/1/0/1', seq, log: 'stdio', lines: 1, content: Buffer.from('ox\n') }))
    await until('the line to be heard', () => heard.some(({ message }) => message.type === 'output' && message.seq === seq))
    late.push(clock.monotonic() - sent)
    heard = []
    await clock.sleep(10)
  }
  await other
  return late.sort((a, b) => a - b)
}

test('10,000 attempts with wrong and missing credentials, and hundreds that never finish a request, cost a working connection little', async () => {
  const warnings: string[] = []
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line: string) => { warnings.push(line) } } })
  await open({ logger })
  const worker = await aWorker('good')
  const before = { rss: process.memoryUsage().rss, cpu: process.cpuUsage() }
  attacker = spawn(process.execPath, ['-e', ATTACKER, String(door.port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const late = await lateness(worker, () => once(attacker!, 'exit'))
  expect(attacker.exitCode).toBe(0)
  expect(worker.readyState).toBe(WebSocket.OPEN)
  process.stderr.write(`10,000 attempts: lines late by ${late[Math.floor(late.length / 2)]!.toFixed(0)} ms in the middle, ${late.at(-1)!.toFixed(0)} ms at most\n`)
  expect(late.length).toBeGreaterThan(10)
  // What it costs this process, not how long lines took: other tests run on this machine too.
  const { user, system } = process.cpuUsage(before.cpu)
  expect((user + system) / 10_000).toBeLessThan(1_000)
  expect(process.memoryUsage().rss - before.rss).toBeLessThan(150 * 1024 * 1024)
  expect(warnings.length).toBeLessThan(200)
})

const ATTACKER = `
const { connect } = require('node:net')
const port = Number(process.argv[1])
const request = extra => 'GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n' + extra + '\\r\\n'
const wrong = n => request('Authorization: Basic ' + Buffer.from('w' + n + ':no').toString('base64') + '\\r\\n')
let refused = 0
const attempt = n => new Promise(resolve => {
  const socket = connect(port, '127.0.0.1', () => socket.write(n % 2 ? wrong(n) : request('')))
  socket.on('data', data => { if (String(data).startsWith('HTTP/1.1 401')) refused += 1 })
  socket.on('error', () => {}).on('close', resolve)
})
;(async () => {
  for (let n = 0; n < 500; n++) connect(port, '127.0.0.1', function () { this.write('GET / HT') }).on('error', () => {})
  let next = 0
  await Promise.all(Array.from({ length: 100 }, async () => { while (next < 10000) await attempt(next++) }))
  process.exit(refused === 10000 ? 0 : 1)
})()
`

test('a request that is never finished, in whatever way, ends with its connection', async () => {
  const time = manualClock()
  await open({ clock: time })
  const strangers = await Promise.all(['', 'GET', 'GET / HTTP/1.1\r\nHost: x\r\nA: ', '\x16\x03\x01'].map(aStranger))
  // Our end may be connected before theirs has heard of it.
  await until('each to be closed', async () => {
    await time.advance(11_000)
    return strangers.every(isHungUpOn)
  })
})

test('who is refused and does not hang up is hung up on', async () => {
  const time = manualClock()
  await open({ clock: time })
  const stranger = await aStranger('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')
  await until('the answer', () => stranger.answer().startsWith('HTTP/1.1 401'))
  await until('the end', async () => {
    await time.advance(2_000)
    return isHungUpOn(stranger)
  })
})

test.each<[string, (socket: WebSocket) => void]>([
  ['garbage', socket => socket.send(Buffer.from([0xc1, 0xff, 0x00]))],
  ['text', socket => socket.send('hello')],
  ['a huge message', socket => socket.send(Buffer.alloc(17 * 1024 * 1024))],
  ['an unknown type', socket => socket.send(encode({ type: 'nonsense' } as unknown as WorkerMessage))],
  ['a second hello', socket => socket.send(encode(hello))],
])('%s ends the connection that it came by, and no other', async (_what, misbehave) => {
  await open()
  const [good, bad] = await Promise.all([aWorker('good'), aWorker('bad')])
  bad.on('error', () => {})
  const closed = once(bad, 'close')
  misbehave(bad)
  await closed
  good.send(encode({ type: 'pong', n: 7 }))
  await until('the other one to be heard', () => heard.some(({ name, message }) => name === 'good' && message.type === 'pong'))
})

test('a worker of Buildbot that was made with another protocol waits for us to speak, and the log says what it needs', async () => {
  const manual = manualClock()
  const lines: { msg: string; from?: string; admission?: string }[] = []
  await open({ clock: manual, logger: createLogger({ name: 'test', destination: { write: line => { lines.push(JSON.parse(line) as (typeof lines)[number]) } } }) })
  const spoke = await aStranger('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  await until('it to be answered', () => spoke.answer().includes('426'))
  await until('it to be hung up on', async () => { await manual.advance(10_000); return isHungUpOn(spoke) })
  expect(lines).toEqual([])
  const mute = connect(door.port, '127.0.0.1')
  mute.on('error', () => {})
  await once(mute, 'connect')
  await until('it to be told of', async () => { await manual.advance(10_000); return lines.length > 0 })
  expect(lines[0]).toMatchObject({ msg: 'a worker was not let in', from: '127.0.0.1', admission: expect.stringContaining('create-worker --protocol=msgpack_experimental_v7') })
  mute.destroy()
})

test('who waits to be taken in is listened to: that he has gone is seen, and much may not be said before the welcome', async () => {
  const links: Link[] = []
  await open({ onHello: (_guest, _newcomer, link) => new Promise(() => { links.push(link) }) })
  const waiting = async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${door.port}`, SUBPROTOCOL, { headers: { Authorization: basic('w', 'pw') } })
    await once(socket, 'open')
    const before = links.length
    socket.send(encode(hello))
    await until('the hello to be heard', () => links.length > before)
    return socket
  }
  const gone = await waiting()
  gone.terminate()
  await until('its end to be seen', () => links[0]!.closed)
  const patient = await waiting()
  const closed = once(await waiting().then(socket => { for (let n = 0; n < 50; n++) socket.send(encode({ type: 'goodbye', why: 'x' })); return socket }), 'close')
  for (let n = 0; n < 50; n++) patient.send(encode({ type: 'pong', n: 0 }))
  await closed
  expect(links.map(link => link.closed)).toEqual([true, false, true])
})

/** The worker's end of a stock connection: answers what it is told to. */
async function aStockWorker(onRequest: (socket: WebSocket, request: { op: string; seq_number: number }) => void): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${door.port}`, { headers: { Authorization: basic('stock', 'pw') } })
  socket.on('error', () => {})
  socket.on('message', (data: Buffer) => onRequest(socket, decodeRequest(data)))
  await once(socket, 'open')
  return socket
}
const decodeRequest = (data: Buffer) => { const message = decodeStock(data); return { op: message.op === 'unknown' ? message.name : message.op, seq_number: message.seq_number } }

test.each<[string, (socket: WebSocket, seq: number) => void]>([
  ['garbage', socket => socket.send(Buffer.from([0xc1]))],
  ['text', socket => socket.send('{}')],
  ['an answer to what was never asked', socket => socket.send(encodeStock({ op: 'response', seq_number: 99, result: null }))],
  ['information that is none', (socket, seq) => socket.send(encodeStock({ op: 'response', seq_number: seq, result: null }))],
])('a stock worker that says %s is let go', async (_what, misbehave) => {
  await open()
  const good = await aWorker('good')
  const bad = await aStockWorker((socket, { op, seq_number }) => {
    if (op === 'print') socket.send(encodeStock({ op: 'response', seq_number, result: null }))
    else if (op === 'get_worker_info') misbehave(socket, seq_number)
  })
  await once(bad, 'close')
  expect(good.readyState).toBe(WebSocket.OPEN)
})

test('a stock worker hears a pong after each answer, as its next message would wait for our acknowledgement; and that what it asks is not known', async () => {
  await open()
  let pongs = 0
  const answers: unknown[] = []
  const stock = await aStockWorker((socket, { op, seq_number }) => {
    if (op === 'print') socket.send(encodeStock({ op: 'response', seq_number, result: null }))
    else answers.push(op)
  })
  stock.on('pong', () => { pongs += 1 })
  await until('the next question and the pong', () => answers.includes('get_worker_info') && pongs === 1)
  stock.send(encodeStock({ op: 'update_read_file', seq_number: 0, command_id: 'x', length: 3 }))
  await until('the answer', () => answers.includes('response'))
  stock.terminate()
})

test('a worker whose password cannot be looked up is told to come later, and one that is looked up for too long is hung up on', async () => {
  const warnings: string[] = []
  const logger = createLogger({ name: 'test', level: 'warn', destination: { write: (line: string) => { warnings.push(line) } } })
  const manual = manualClock()
  let answer: ((admission: { name: string; instanceId: null }) => void) | null = null
  await open({ logger, clock: manual, admit: ({ name }) => (name === 'slow' ? new Promise(resolve => { answer = resolve }) : Promise.reject(new Error('the database is away'))) })
  const asks = (name: string) => aStranger(`GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.from('0123456789abcdef').toString('base64')}\r\nAuthorization: ${basic(name, 'pw')}\r\n\r\n`)
  const strangers = await Promise.all(Array.from({ length: 30 }, () => asks('unlucky')))
  await until('the answers', () => strangers.every(stranger => stranger.answer().startsWith('HTTP/1.1 503')))
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain('its credentials could not be checked')
  const slow = await asks('slow')
  const welcome = await until('it to be looked up', () => answer)
  await manual.advance(10_000)
  await until('it to be hung up on', () => isHungUpOn(slow))
  welcome({ name: 'slow', instanceId: null })
  const next = await asks('unlucky')
  await until('the answer', () => next.answer().startsWith('HTTP/1.1 503'))
  expect(slow.answer()).toBe('')
})
