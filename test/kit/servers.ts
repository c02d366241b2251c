import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable, findNatsServer, freePort, startNats as startLocalNats, startPostgres as startLocalPostgres, startServerProcess, type LocalServer, type ProcessIdentity } from '@yardmaster/cli/local'
import { systemClock, systemRandom } from '@yardmaster/runtime'
import { testPort } from './ports.js'

/** A real server for one test or one run, in a temporary folder that goes with it. */
export type TestServer = {
  url: string
  port: number
  readonly pid: number
  /** Ends it, and keeps its data. */
  down(): Promise<void>
  /** Starts it again, at the same address. */
  up(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

const clock = systemClock()
const random = systemRandom()
const note = (text: string) => { process.stderr.write(`${text}\n`) }

/** Where the tests' set-up unpacks programs that the machine lacks. */
export const programsFolder = join(import.meta.dirname, '../../node_modules/.cache/yardmaster-programs')

/** Ends the server and removes its folder when this process dies without doing so: its end of the pipe closes. */
function guard(pid: number, folder: string): { dismiss(): void } {
  const child = spawn('/bin/sh', ['-c', 'read -r _; kill -INT "$1"; sleep 2; rm -rf "$2"', 'sh', String(pid), folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  return { dismiss: () => { child.kill('SIGKILL') } }
}

type Place = { folder: string; spawned(identity: ProcessIdentity): void; preferredPort: number | null }

async function inTemporaryFolder(name: string, start: (place: Place) => Promise<LocalServer>): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), `yardmaster-${name}-`))
  let guards: { dismiss(): void }[] = []
  const dismiss = () => {
    for (const each of guards) each.dismiss()
    guards = []
  }
  const begin = (preferredPort: number | null) => start({ folder, preferredPort, spawned: ({ pid }) => { guards.push(guard(pid, folder)) } })
  const remove = () => {
    dismiss()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    // None that the system gives to outgoing connections: it would be gone when the server comes up again.
    let server = await begin(await testPort())
    const { url, port } = server
    return {
      url, port,
      get pid() { return server.identity.pid },
      async down() {
        await server.stop()
        dismiss()
      },
      async up() {
        server = await begin(port)
        if (server.port !== port) throw new Error(`port ${port} of ${name} was taken while it was down`)
      },
      async stop() {
        await server.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** PostgreSQL. Not durable is without fsync: a crash of the machine, which no test makes, could lose data. */
export function startPostgres({ durable = false }: { durable?: boolean } = {}): Promise<TestServer> {
  return inTemporaryFolder('postgres', place => startLocalPostgres({ ...place, durable, maxConnections: 400, clock, random, note }))
}

/** NATS with JetStream; the URL holds user and password. */
export function startNats(): Promise<TestServer> {
  return inTemporaryFolder('nats', async place => startLocalNats({ ...place, program: await findNatsServer(programsFolder, note), clock, random }))
}

function answersPing(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const finish = (answer: boolean) => { socket.destroy(); resolve(answer) }
    socket.once('data', chunk => finish(chunk.toString('latin1').startsWith('+PONG')))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })
}

/** Redis in memory only. */
export function startRedis(): Promise<TestServer> {
  return inTemporaryFolder('redis', async ({ folder, spawned, preferredPort }) => {
    const program = findExecutable('redis-server', [join(programsFolder, 'usr/bin')])
    if (program === null) throw new Error('redis-server is not on PATH: run npm test, which fetches it, or install it')
    const port = await freePort(preferredPort)
    const server = await startServerProcess({
      name: 'Redis', file: program, spawned, logFile: join(folder, 'server.log'), clock, stopSignal: 'SIGTERM', startWithinMs: 10_000, answers: () => answersPing(port),
      args: ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--appendonly', 'no'],
    })
    return { ...server, port, url: `redis://127.0.0.1:${port}` }
  })
}
