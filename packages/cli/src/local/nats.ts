import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Clock, Random } from '@yardmaster/runtime'
import { findExecutable, unpackDebianPackage } from './debian-package.js'
import { freePort } from './free-port.js'
import { keptSecret } from './kept-secret.js'
import type { ProcessIdentity } from './process-identity.js'
import { ServerDidNotStart, startServerProcess, type LocalServer } from './server-process.js'

export type NatsOptions = {
  /** The nats-server program. */
  program: string
  /** Holds the configuration, the streams and the log; made if absent. */
  folder: string
  preferredPort: number | null
  clock: Clock
  random: Random
  /** Told of the process as soon as it exists. */
  spawned?: (identity: ProcessIdentity) => void
}

/**
 * The nats-server program: on PATH or already fetched into `folder`, else unpacked there from the system's packages
 * (Debian and its family). Throws one sentence that says how to install it.
 */
export async function findNatsServer(folder: string, note: (text: string) => void): Promise<string> {
  const inFolder = [join(folder, 'usr/sbin'), join(folder, 'usr/bin')]
  const found = findExecutable('nats-server', inFolder)
  if (found !== null) return found
  const advice = 'install nats-server (https://docs.nats.io/running-a-nats-service/introduction/installation), or set NATS_URL'
  if (findExecutable('apt-get', []) === null) throw new Error(`nats-server is not on PATH, and this is no Debian-family system to fetch it from: ${advice}`)
  note('fetching nats-server from the system\'s packages')
  try {
    await unpackDebianPackage('nats-server', folder)
  } catch (error) {
    throw new Error(`nats-server is not on PATH, and fetching it from the system's packages failed (${error instanceof Error ? error.message.split('\n').at(-1) : String(error)}): ${advice}`, { cause: error })
  }
  const fetched = findExecutable('nats-server', inFolder)
  if (fetched === null) throw new Error(`the package nats-server holds no program nats-server: ${advice}`)
  return fetched
}

/** A NATS server greets every client with its INFO line. */
function greets(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    const finish = (answer: boolean) => { socket.destroy(); resolve(answer) }
    socket.once('data', chunk => finish(chunk.toString('latin1').startsWith('INFO ')))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })
}

function configuration(folder: string, port: number, secret: string): string {
  return [
    `listen: "127.0.0.1:${port}"`,
    'server_name: yardmaster',
    // Streams reserve what they may grow to, and are bounded by that; the server's own bound would only limit how many installations share it.
    `jetstream { store_dir: ${JSON.stringify(folder)}, max_memory_store: 64MB, max_file_store: 1TB }`,
    `authorization { user: yardmaster, password: "${secret}" }`,
    '',
  ].join('\n')
}

/** Starts NATS with JetStream on 127.0.0.1, open only to who knows the password in its URL. Throws an Error with the end of its log. */
export async function startNats(options: NatsOptions): Promise<LocalServer> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  // A letter first: the configuration language takes a bare leading digit for a number, even where a string is meant.
  const secret = `s${keptSecret(join(options.folder, 'password'), options.random)}`
  const file = join(options.folder, 'nats.conf')
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? options.preferredPort : null)
    writeFileSync(file, configuration(options.folder, port, secret), { mode: 0o600 })
    try {
      const server = await startServerProcess({
        name: 'NATS', file: options.program, args: ['-c', file], logFile: join(options.folder, 'server.log'),
        clock: options.clock, stopSignal: 'SIGTERM', startWithinMs: 20_000, spawned: options.spawned, answers: () => greets(port),
      })
      return { ...server, port, url: `nats://yardmaster:${secret}@127.0.0.1:${port}` }
    } catch (error) {
      if (!(error instanceof ServerDidNotStart)) throw error
      if (!/address already in use/i.test(error.output) || attempt === 5) throw new Error(`${error.message}\n${error.output.split('\n').slice(-8).join('\n')}`, { cause: error })
    }
  }
}
