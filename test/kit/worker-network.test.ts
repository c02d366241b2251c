import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from './until.js'
import { WorkerNetwork } from './worker-network.js'

/** Greets with its place, then says everything again. */
function echoServer(place: number): Promise<Server> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', () => { socket.write(`engine ${place}\n`); socket.pipe(socket) })
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

let servers: Server[]
let network: WorkerNetwork
let clients: Socket[]
beforeEach(async () => {
  clients = []
  servers = await Promise.all([0, 1].map(echoServer))
  network = await WorkerNetwork.start(servers.map(server => (server.address() as AddressInfo).port))
})
afterEach(async () => {
  for (const client of clients) client.destroy()
  await network.close()
  for (const server of servers) server.close()
})

type Client = { socket: Socket; heard(): string }
function worker(name: string): Client {
  const socket = connect(Number(new URL(network.url).port), '127.0.0.1')
  clients.push(socket)
  let heard = ''
  socket.on('data', data => { heard += data.toString() }).on('error', () => {})
  socket.write(`GET / HTTP/1.1\r\nAuthorization: Basic ${Buffer.from(`${name}:pw`).toString('base64')}\r\n\r\n`)
  return { socket, heard: () => heard }
}

test('each worker goes to the next engine, and to the other one when that is gone', async () => {
  const first = worker('w1')
  await until('an answer', () => first.heard() === 'engine 0\n')
  const second = worker('w2')
  await until('an answer', () => second.heard() === 'engine 1\n')
  expect(network.placements()).toEqual([{ worker: 'w1', engine: 0 }, { worker: 'w2', engine: 1 }])
  await new Promise(resolve => { servers[0]!.close(resolve); first.socket.destroy() })
  const third = worker('w3')
  await until('an answer', () => third.heard() === 'engine 1\n')
})

test('held, nothing passes and nobody is told; healed, it arrives', async () => {
  const held = worker('w1')
  const other = worker('w2')
  await until('answers', () => held.heard() !== '' && other.heard() !== '')
  network.hold({ worker: 'w1' })
  held.socket.write('one\n')
  other.socket.write('two\n')
  await until('the other to be heard', () => other.heard().endsWith('two\n'))
  expect(held.heard()).not.toContain('one')
  const late = worker('w1')
  network.heal({ worker: 'w1' })
  await until('what was held', () => held.heard().endsWith('one\n') && late.heard().startsWith('engine'))
})

test('a side that went away while it was held is told of after healing', async () => {
  const held = worker('w1')
  await until('an answer', () => held.heard() !== '')
  network.hold({ worker: 'w1' })
  held.socket.destroy()
  await once(held.socket, 'close')
  expect(network.placements()).toHaveLength(1)
  network.heal()
  await until('the connection to be gone', () => network.placements().length === 0)
})

test('cut ends the connections of now; refused, nobody comes in', async () => {
  const client = worker('w1')
  await until('an answer', () => client.heard() !== '')
  network.refuse({ engine: 0 })
  network.refuse({ engine: 1 })
  await until('its end', () => client.socket.closed)
  const refused = worker('w1')
  await until('its end', () => refused.socket.closed)
  expect(refused.heard()).toBe('')
  network.heal()
  const back = worker('w1')
  await until('an answer', () => back.heard() !== '')
})
