import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createLogger, manualClock, type ManualClock } from '@yardmaster/runtime'
import { decodeEngineMessage, encode } from '@yardmaster/worker-protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { until } from '../../../../test/kit/until.js'
import { WorkerLink } from './worker-link.js'

let server: WebSocketServer
let worker: WebSocket
let socket: WebSocket
let link: WorkerLink
let clock: ManualClock
let busy: boolean
let closed: boolean
let answering: boolean
let pings: (number | undefined)[]

beforeEach(async () => {
  [busy, closed, answering, pings, clock] = [false, false, true, [], manualClock()]
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  worker = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  worker.on('message', (data: Buffer) => {
    const message = decodeEngineMessage(data)
    if (message.type !== 'ping') return
    pings.push(message.nextMs)
    if (answering) worker.send(encode({ type: 'pong', n: message.n }))
  });
  [socket] = await once(server, 'connection') as [WebSocket]
  link = new WorkerLink({ socket, clock, logger: createLogger({ name: 'test', level: 'silent' }), onMessage: () => {}, onClose: () => { closed = true } })
})
afterEach(async () => {
  worker.terminate()
  await until('the end of the connection', () => closed)
  server.close()
})

/** Time passes; what is said in each second is heard in it. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await clock.advance(1_000)
    const heard = once(socket, 'pong')
    socket.ping()
    await heard
  }
}

test('an idle worker is pinged as rarely as it was told, a busy one closely, and told of the change', async () => {
  link.watch({ idleMs: 10_000, busy: () => busy })
  await pass(21)
  expect(pings).toEqual([10_000, 10_000])
  busy = true
  await pass(5)
  expect(pings.slice(2)).toEqual([1_500, 1_500, 1_500])
  busy = false
  await pass(5)
  expect(pings.slice(5)).toEqual([10_000])
  expect(closed).toBe(false)
})

test('what was started and has ended before the next look: the worker is told not to listen closely any more', async () => {
  link.watch({ idleMs: 10_000, busy: () => busy })
  link.send({ type: 'start', command: 'i/1/0/0', kind: 'mkdir', args: { paths: ['x'] } })
  await pass(3)
  expect(pings).toEqual([10_000])
})

test('a busy worker that says nothing is given up after three pings, an idle one not yet', async () => {
  link.watch({ idleMs: 10_000, busy: () => busy })
  answering = false
  await pass(9)
  busy = true
  await pass(5)
  expect([pings, closed]).toEqual([[1_500, 1_500, 1_500], false])
  await clock.advance(1_000)
  await until('the connection to be given up', () => closed)
})

test('asked whether it lives, a worker answers in time or not', async () => {
  expect(await link.answers(5_000)).toBe(true)
  answering = false
  const silent = link.answers(5_000)
  await clock.advance(5_000)
  expect(await silent).toBe(false)
  const cut = link.answers(5_000)
  worker.terminate()
  expect(await cut).toBe(false)
})
