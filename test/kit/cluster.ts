import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@yardmaster/cli/local'
import { createClient, type Client } from '@yardmaster/rest'
import pg from 'pg'
import { inject } from 'vitest'
import { freshDatabase, type TestDatabase } from './database.js'
import { startPostgresProxy, type PostgresProxy } from './postgres-proxy.js'
import { RoleProcess, type Program } from './role-process.js'

export type ClusterOptions = {
  /** Text of yard.config.ts. Its workers have the password `pw`. */
  config: string
  /** Files beside it, by name. */
  files?: { [name: string]: string }
  workers: string[]
  env?: NodeJS.ProcessEnv
  /** An empty database on a server of the test's own, which it may stop; else one on the run's. */
  database?: TestDatabase
}

/** A whole installation of real processes: PostgreSQL and NATS of the test run, a database of its own. */
export type Cluster = {
  folder: string
  url: string
  client: Client
  /** Each role speaks to PostgreSQL through a proxy of its own, so that it can be struck at an exact commit. */
  proxies: { [role in Exclude<Program, 'worker'>]: PostgresProxy }
  roles: { [role in Exclude<Program, 'worker'>]: RoleProcess }
  workers: RoleProcess[]
  workerUrl: string
  rows<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

const ROLES = ['scheduler', 'engine', 'ui-api', 'latent-worker-provisioner'] as const

export async function startCluster({ config, files = {}, workers, env = {}, database: own }: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-cluster-'))
  for (const [name, text] of Object.entries({ ...files, 'yard.config.ts': config })) writeFileSync(join(folder, name), text)
  const [database, port, workerPort] = await Promise.all([own ?? freshDatabase(), freePort(), freePort()])
  const proxies = Object.fromEntries(await Promise.all(ROLES.map(async role => [role, await startPostgresProxy(database.url)] as const))) as Cluster['proxies']
  const common = {
    ...process.env, ...env,
    YARD_HOME: folder, YARD_CONFIG: join(folder, 'yard.config.ts'), YARD_PORT: String(port), YARD_WORKER_PORT: String(workerPort), NATS_URL: inject('natsUrl'),
  }
  const roles = Object.fromEntries(ROLES.map(role => [role, new RoleProcess(role, role, { ...common, DATABASE_URL: proxies[role].url })])) as Cluster['roles']
  const workerUrl = `ws://127.0.0.1:${workerPort}`
  const workerProcesses = workers.map(name => {
    mkdirSync(join(folder, name))
    return new RoleProcess(name, 'worker', { ...process.env, ...env, YARD_ENGINE: workerUrl, YARD_WORKER_NAME: name, YARD_WORKER_PASSWORD: 'pw', YARD_WORKER_BASEDIR: join(folder, name) })
  })
  const pool = new pg.Pool({ connectionString: database.url, max: 4, types: { getTypeParser: (oid, format) => (oid === 20 ? Number : pg.types.getTypeParser(oid, format)) } })
  // A test may stop its server.
  pool.on('error', () => {})
  const all = [...workerProcesses, ...ROLES.map(role => roles[role])]
  const url = `http://127.0.0.1:${port}/`
  const cluster: Cluster = {
    folder, url, client: createClient({ baseUrl: url }), proxies, roles, workers: workerProcesses, workerUrl,
    rows: async <Row extends object>(sql: string, parameters?: unknown[]) => (await pool.query<Row>(sql, parameters)).rows,
    async stop() {
      await Promise.all(all.map(role => role.stop()))
      await Promise.all(ROLES.map(role => proxies[role].close()))
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
  const started = await Promise.allSettled(all.map(role => role.start()))
  const failed = started.find(start => start.status === 'rejected')
  if (failed) {
    await cluster.stop()
    throw failed.reason
  }
  return cluster
}

/** The end of every process's output: what a failed test needs. */
export function lastWords(cluster: Cluster): string {
  const all = [...Object.values(cluster.roles), ...cluster.workers]
  return all.map(role => `--- ${role.name} (started ${role.starts} times)\n${role.lines.slice(-25).join('\n')}`).join('\n')
}
