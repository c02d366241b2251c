import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Clock, Random } from '@yardmaster/runtime'
import { freePort } from './free-port.js'
import { keptSecret } from './kept-secret.js'
import { postgresPlace, type PostgresPlace } from './postgres-place.js'
import type { ProcessIdentity } from './process-identity.js'
import { ServerDidNotStart, startServerProcess, type LocalServer } from './server-process.js'

export type PostgresOptions = {
  /** Holds the cluster, its password and its log; made if absent. */
  folder: string
  /** Taken if it is free. */
  preferredPort: number | null
  /** false: no fsync, for tests, where the machine's crash loses nothing. */
  durable: boolean
  maxConnections: number
  clock: Clock
  random: Random
  /** Told of the process as soon as it exists. */
  spawned?: (identity: ProcessIdentity) => void
  /** Told what a user should know, such as a cluster placed outside of `folder`. */
  note(text: string): void
}

const user = 'yardmaster'
const database = 'yardmaster'

type Run = { place: PostgresPlace; file: string; args: string[]; input: string }

/** Runs one of PostgreSQL's programs as the account of the place; throws with what it wrote. */
function run({ place, file, args, input }: Run): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd: '/', env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' }, ...place.account })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.once('error', reject)
    child.once('close', code => code === 0 ? resolve() : reject(new Error(`${file} ended with exit code ${code}:\n${output.trim()}`)))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}

/** Beside its final place and renamed at the end, so that a killed start leaves no half-made cluster. */
async function makeCluster(place: PostgresPlace, secret: string, durable: boolean): Promise<void> {
  const unfinished = `${place.data}.new`
  const secretFile = `${place.data}.password`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(dirname(unfinished), { recursive: true })
  mkdirSync(unfinished, { mode: 0o700 })
  writeFileSync(secretFile, secret, { mode: 0o600 })
  if (place.account !== null) for (const path of [unfinished, secretFile]) chownSync(path, place.account.uid, place.account.gid)
  try {
    const args = [`--pgdata=${unfinished}`, `--username=${user}`, `--pwfile=${secretFile}`, '--auth=scram-sha-256',
      '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', ...(durable ? [] : ['--no-sync'])]
    await run({ place, file: place.bin.initdb, args, input: '' })
    await run({ place, file: place.bin.postgres, args: ['--single', '-D', unfinished, 'postgres'], input: `CREATE DATABASE ${database}\n` })
    renameSync(unfinished, place.data)
  } finally {
    rmSync(secretFile, { force: true })
  }
}

/** As `pg_ctl --wait` asks: the server writes its state into the eighth line of postmaster.pid. */
function isReady(data: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
    return lines[0] === String(pid) && lines[7]?.trim() === 'ready'
  } catch {
    return false
  }
}

function serverArguments(place: PostgresPlace, port: number, options: PostgresOptions): string[] {
  const settings = {
    port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: options.maxConnections,
    ...(options.durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  return ['-D', place.data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/**
 * Starts the PostgreSQL of `options.folder` on 127.0.0.1, making the cluster (user and database `yardmaster`) the first time.
 * Throws an Error that ends with the last lines of the server's log.
 */
export async function startPostgres(options: PostgresOptions): Promise<LocalServer> {
  const place = await postgresPlace(options.folder, options.note)
  const secret = keptSecret(join(options.folder, 'password'), options.random)
  if (!existsSync(place.data)) await makeCluster(place, secret, options.durable)
  for (let attempt = 1; ; attempt++) {
    const port = await freePort(attempt === 1 ? options.preferredPort : null)
    try {
      const server = await startServerProcess({
        name: 'PostgreSQL', file: place.bin.postgres, args: serverArguments(place, port, options), logFile: join(options.folder, 'server.log'),
        account: place.account, clock: options.clock, stopSignal: 'SIGINT', startWithinMs: 60_000, spawned: options.spawned,
        answers: pid => isReady(place.data, pid),
      })
      return { ...server, port, url: `postgresql://${user}:${secret}@127.0.0.1:${port}/${database}` }
    } catch (error) {
      if (!(error instanceof ServerDidNotStart)) throw error
      if (!/address already in use/i.test(error.output) || attempt === 5) throw new Error(`${error.message}\n${error.output.split('\n').slice(-8).join('\n')}`, { cause: error })
    }
  }
}
