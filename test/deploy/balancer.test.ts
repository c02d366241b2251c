import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable, freePort } from '@yardmaster/cli/local'
import { afterEach, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { programsFolder } from '../kit/servers.js'
import { until } from '../kit/until.js'

const haproxy = findExecutable('haproxy', [join(programsFolder, 'usr/sbin')])
const configuration = readFileSync(join(import.meta.dirname, '../../deploy/compose/worker-balancer.cfg'), 'utf8')

const cleanUp: (() => unknown)[] = []
afterEach(async () => { for (const undo of cleanUp.splice(0).toReversed()) await undo() })

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUp.push(() => { server.closeAllConnections(); server.close() })
  return (server.address() as AddressInfo).port
}

/** What the balancer sees of an engine: a WebSocket port that says who it is, and a health port. */
async function engineLike(name: string) {
  const engine = { ready: true, port: 0, healthPort: 0 }
  const server = createServer()
  new WebSocketServer({ server }).on('connection', socket => socket.send(name))
  engine.port = await listening(server)
  engine.healthPort = await listening(createServer((_, response) => response.writeHead(engine.ready ? 200 : 503).end()))
  return engine
}

/** The real configuration, with Docker's names and ports replaced by ours. */
async function startBalancer(engines: { port: number; healthPort: number }[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-balancer-'))
  const port = await freePort()
  const servers = engines.map((engine, n) => `  server engine${n} 127.0.0.1:${engine.port} check inter 100ms fall 1 port ${engine.healthPort}`).join('\n')
  const local = configuration.replace(/resolvers docker\n(?: {2}.*\n)+/, '').replace('bind :9989', `bind 127.0.0.1:${port}`).replace(/^ {2}server-template.*$/m, servers)
  writeFileSync(join(folder, 'haproxy.cfg'), local)
  const balancer = spawn(haproxy ?? '', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: 'ignore' })
  const ended = once(balancer, 'exit')
  cleanUp.push(async () => { balancer.kill(); await ended; rmSync(folder, { recursive: true }) })
  return `ws://127.0.0.1:${port}`
}

/** The name of the engine that a worker comes to, and its connection; null when it comes to none. */
async function connectWorker(url: string): Promise<{ engine: string; socket: WebSocket } | null> {
  const socket = new WebSocket(url)
  cleanUp.push(() => socket.terminate())
  const said = await Promise.race([once(socket, 'message'), once(socket, 'close')]).catch(() => null)
  return Buffer.isBuffer(said?.[0]) ? { engine: said[0].toString(), socket } : null
}

test.skipIf(haproxy === null)('workers are spread over ready engines; one that drains gets no new ones and keeps those it has', async () => {
  const first = await engineLike('first')
  const second = await engineLike('second')
  const url = await startBalancer([first, second])
  const engineReached = async () => (await connectWorker(url))?.engine
  await until('the balancer lets a worker through', engineReached)
  const reached = await Promise.all([connectWorker(url), connectWorker(url), connectWorker(url), connectWorker(url)])
  expect(new Set(reached.map(worker => worker?.engine))).toEqual(new Set(['first', 'second']))

  first.ready = false
  await until('new workers come to the ready engine only', async () => (await Promise.all([engineReached(), engineReached(), engineReached()])).every(engine => engine === 'second'))
  expect(reached.every(worker => worker?.socket.readyState === WebSocket.OPEN)).toBe(true)
})
