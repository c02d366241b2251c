import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@yardmaster/cli/local'
import type { Clock } from '@yardmaster/runtime'
import pg from 'pg'
import { RoleProcess, type Program } from '../kit/role-process.js'
import type { TestServer } from '../kit/servers.js'
import { WorkerNetwork } from '../kit/worker-network.js'
import { cpuOf } from './processes.js'

export const PASSWORD = 'pw'
export const ROLES = ['scheduler', 'engine', 'ui-api', 'latent-worker-provisioner'] as const
export type Role = (typeof ROLES)[number]

/** What every measure gets: the servers of the run, and what was asked for. */
export type Bench = {
  postgres: TestServer
  nats: TestServer
  clock: Clock
  quick: boolean
  /** Builds of the throughput measures; null: each measure's own. */
  builds: number | null
  /** A database that is kept, for what is measured on a large one; null: a new one each time. */
  database: string | null
  /** Where CPU profiles of the processes go; null: none are taken, because they cost time themselves. */
  profiles: string | null
}

export type CpuShares = { [part in Role | 'postgres' | 'nats']: number }

/** A whole installation of real processes on a database of its own. */
export type Installation = {
  folder: string
  url: string
  workerUrl: string
  roles: { [role in Role]: RoleProcess }
  /** `roles.engine` is the first one. */
  engines: RoleProcess[]
  /** Between the workers and the engines, when there are several. */
  network: WorkerNetwork
  rows<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>
  /** Yardmaster's own worker, started; resolves when it is connected. */
  startWorker(name: string): Promise<RoleProcess>
  connectedWorkers(count: number, withinMs?: number): Promise<void>
  /** CPU so far, ms, by part. */
  cpu(): CpuShares
  stop(): Promise<void>
}

type Options = { name: string; config: string; engines?: number }

/** Starts the four roles with this yard.config.ts, as `yard up` starts them. The caller stops it. */
export async function startInstallation(bench: Bench, { name, config, engines: engineCount = 1 }: Options): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-bench-'))
  writeFileSync(join(folder, 'yard.config.ts'), config)
  const port = await freePort()
  const workerPorts = await Promise.all(Array.from({ length: engineCount }, () => freePort()))
  const network = await WorkerNetwork.start(workerPorts)
  const database = await createDatabase(bench.postgres.url, `bench_${name.replaceAll(/\W/g, '_')}_${port}`)
  const env = {
    ...process.env, DATABASE_URL: database.url, NATS_URL: bench.nats.url, YARD_HOME: folder, YARD_CONFIG: join(folder, 'yard.config.ts'),
    YARD_PORT: String(port), YARD_LOG_LEVEL: 'warn',
  }
  const engines = workerPorts.map((workerPort, at) => new RoleProcess(at === 0 ? 'engine' : `engine ${at}`, 'engine', { ...env, YARD_WORKER_PORT: String(workerPort) }, profiling(bench, name, 'engine')))
  const roles = Object.fromEntries(ROLES.map(role => [role, role === 'engine' ? engines[0]! : new RoleProcess(role, role, env, profiling(bench, name, role))])) as Installation['roles']
  const all = [...ROLES.filter(role => role !== 'engine').map(role => roles[role]), ...engines]
  const workers: RoleProcess[] = []
  const pool = new pg.Pool({ connectionString: database.url, max: 2, types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) } })
  const installation: Installation = {
    folder, url: `http://127.0.0.1:${port}/`, workerUrl: engineCount === 1 ? `ws://127.0.0.1:${workerPorts[0]}` : network.url, roles, engines, network,
    rows: async <Row extends object>(sql: string, parameters?: unknown[]) => (await pool.query<Row>(sql, parameters)).rows,
    async startWorker(workerName) {
      mkdirSync(join(folder, workerName))
      const worker = new RoleProcess(workerName, 'worker', {
        ...process.env, YARD_ENGINE: installation.workerUrl, YARD_WORKER_NAME: workerName, YARD_WORKER_PASSWORD: PASSWORD, YARD_WORKER_BASEDIR: join(folder, workerName),
      }, profiling(bench, name, 'worker'))
      workers.push(worker)
      await worker.start()
      await installation.connectedWorkers(workers.length)
      return worker
    },
    async connectedWorkers(count, withinMs = 30_000) {
      const deadline = bench.clock.monotonic() + withinMs
      for (;;) {
        const [row] = await installation.rows<{ connected: number }>('SELECT count(*) AS connected FROM worker_sessions WHERE connected')
        if (row !== undefined && row.connected >= count) return
        if (bench.clock.monotonic() > deadline) throw new Error(`${row?.connected} of ${count} workers are connected after ${withinMs} ms:\n${[...engines, ...workers].flatMap(role => role.lines.slice(-5)).join('\n')}`)
        await bench.clock.sleep(20)
      }
    },
    cpu: () => cpuOf({ ...Object.fromEntries(ROLES.map(role => [role, roles[role].running ? roles[role].pid : 0])) as { [role in Role]: number }, postgres: bench.postgres.pid, nats: bench.nats.pid }),
    async stop() {
      await Promise.all([...workers, ...all].map(role => role.stop()))
      await network.close()
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
  const failed = (await Promise.allSettled(all.map(role => role.start()))).find(start => start.status === 'rejected')
  if (failed) {
    await installation.stop()
    throw failed.reason
  }
  return installation
}

function profiling({ profiles }: Bench, name: string, program: Program): string[] {
  return profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`, `--cpu-prof-name=${name}-${program}.cpuprofile`]
}

export async function createDatabase(serverUrl: string, name: string): Promise<{ url: string; drop(): Promise<void> }> {
  const onServer = async (sql: string) => {
    const client = new pg.Client({ connectionString: serverUrl })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  await onServer(`CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onServer(`DROP DATABASE ${name} WITH (FORCE)`) }
}

type ConfigOptions = { workers: number; builders: number; command?: string | string[]; maxBuilds?: number; /** Its text. */ www?: string }

/** Every worker serves every builder; one trivial shell step; nothing collapses; everything can be forced, by one client as fast as it likes. */
export function trivialConfig({ workers, builders, command = ['true'], maxBuilds, www = '{ rateLimits: { anonymous: null } }' }: ConfigOptions): string {
  return `
import { auth, defineConfig, schedulers, steps, workers } from '@yardmaster/config'
const names = Array.from({ length: ${workers} }, (_, index) => 'w' + index)
const builders = Array.from({ length: ${builders} }, (_, index) => 'b' + index)
export default defineConfig({
  workers: names.map(name => workers.worker({ name, password: '${PASSWORD}', ${maxBuilds === undefined ? '' : `maxBuilds: ${maxBuilds}`} })),
  builders: builders.map(name => ({ name, workers: names, collapseRequests: false, steps: [
    steps.shell({ name: 'trivial', command: ${JSON.stringify(command)}, logEnviron: false }),
  ] })),
  schedulers: [schedulers.force({ name: 'force', builders })],
  www: ${www},
})
`
}
