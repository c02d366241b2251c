import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@yardmaster/rest'
import pg from 'pg'
import { inject } from 'vitest'
import { freshDatabase, type TestDatabase } from './database.js'
import { killMachines, machineProcesses, type MachineProcess } from './machines.js'
import { testPort } from './ports.js'
import { startPostgresProxy, type PostgresProxy } from './postgres-proxy.js'
import { RoleProcess, type Program } from './role-process.js'
import { StockWorker } from './stock-worker.js'
import type { TestProcess } from './test-process.js'
import { WebBalancer } from './web-balancer.js'
import { WorkerNetwork } from './worker-network.js'

export type ClusterOptions = {
  /** Text of yard.config.ts. Its workers have the password `pw`. */
  config: string
  /** Files beside it, by name. */
  files?: { [name: string]: string }
  workers: string[]
  /** Names of those that are Buildbot's own program. */
  stockWorkers?: string[]
  /** How many (1). */
  engines?: number
  /** How many (1). */
  schedulers?: number
  /** How many (1). */
  provisioners?: number
  /** How many (1). */
  uiApis?: number
  /** For every process. */
  env?: NodeJS.ProcessEnv
  /** For each ui-api, besides. */
  uiApiEnv?: NodeJS.ProcessEnv[]
  /** For each engine, besides. */
  engineEnv?: NodeJS.ProcessEnv[]
  /** An empty database on a server of the test's own, which it may stop; else one on the run's. */
  database?: TestDatabase
}

/** A whole installation of real processes: PostgreSQL and NATS of the test run, a database of its own. */
export type Cluster = {
  folder: string
  /** Of ui-api; of several, of the balancer without stickiness that stands before them. */
  url: string
  client: Client
  /** Each role speaks to PostgreSQL through a proxy of its own, so that it can be struck at an exact commit. */
  proxies: { [role in Exclude<Program, 'worker'>]: PostgresProxy }
  /** `engine` is the first one. */
  roles: { [role in Exclude<Program, 'worker'>]: RoleProcess }
  engines: RoleProcess[]
  engineProxies: PostgresProxy[]
  /** `ui-api` is the first one. */
  uiApis: RoleProcess[]
  /** Of each of them, past the balancer. */
  uiApiUrls: string[]
  uiApiProxies: PostgresProxy[]
  /** `scheduler` is the first one. */
  schedulers: RoleProcess[]
  schedulerProxies: PostgresProxy[]
  /** `latent-worker-provisioner` is the first one. */
  provisioners: RoleProcess[]
  provisionerProxies: PostgresProxy[]
  /** Processes of machines of kind `process`, in their folder's default place, and what they run: from the system's own list, not from the ledger. */
  machines(): MachineProcess[]
  workers: RoleProcess[]
  stockWorkers: StockWorker[]
  /** Stands in front of all engines. */
  workerUrl: string
  network: WorkerNetwork
  /** Every process of ours, engines last. */
  processes(): TestProcess[]
  /** Another process of that worker's name, in a folder of its own; not started. */
  anotherWorker(name: string): RoleProcess
  rows<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

export async function startCluster({ config, files = {}, workers, stockWorkers: stockNames = [], engines: engineCount = 1, schedulers: schedulerCount = 1, provisioners: provisionerCount = 1, uiApis: uiApiCount = 1, env = {}, uiApiEnv = [], engineEnv = [], database: own }: ClusterOptions): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-cluster-'))
  for (const [name, text] of Object.entries({ ...files, 'yard.config.ts': config })) writeFileSync(join(folder, name), text)
  const database = await (own ?? freshDatabase())
  const uiApiPorts = await Promise.all(Array.from({ length: uiApiCount }, () => testPort()))
  const workerPorts = await Promise.all(Array.from({ length: engineCount }, () => testPort()))
  const network = await WorkerNetwork.start(workerPorts)
  const balancer = uiApiCount > 1 ? await WebBalancer.start(uiApiPorts) : null
  const uiApiProxies = await Promise.all(uiApiPorts.map(() => startPostgresProxy(database.url)))
  const schedulerProxies = await Promise.all(Array.from({ length: schedulerCount }, () => startPostgresProxy(database.url)))
  const engineProxies = await Promise.all(workerPorts.map(() => startPostgresProxy(database.url)))
  const provisionerProxies = await Promise.all(Array.from({ length: provisionerCount }, () => startPostgresProxy(database.url)))
  const common = { ...process.env, YARD_DRAIN_DEADLINE: '5', ...env, YARD_HOME: folder, YARD_CONFIG: join(folder, 'yard.config.ts'), YARD_PORT: String(uiApiPorts[0]), ...(balancer && { YARD_BASE_URL: balancer.url }), NATS_URL: env['NATS_URL'] ?? inject('natsUrl') }
  const uiApis = uiApiPorts.map((port, at) =>
    new RoleProcess(at === 0 ? 'ui-api' : `ui-api ${at}`, 'ui-api', { ...common, YARD_PORT: String(port), ...uiApiEnv[at], DATABASE_URL: uiApiProxies[at]!.url }))
  const schedulers = schedulerProxies.map((proxy, at) => new RoleProcess(at === 0 ? 'scheduler' : `scheduler ${at}`, 'scheduler', { ...common, DATABASE_URL: proxy.url }))
  const engines = workerPorts.map((workerPort, at) =>
    new RoleProcess(at === 0 ? 'engine' : `engine ${at}`, 'engine', { ...common, YARD_WORKER_PORT: String(workerPort), YARD_WORKER_URL: `ws://127.0.0.1:${workerPort}`, ...engineEnv[at], DATABASE_URL: engineProxies[at]!.url }))
  const provisioners = provisionerProxies.map((proxy, at) =>
    new RoleProcess(at === 0 ? 'latent-worker-provisioner' : `latent-worker-provisioner ${at}`, 'latent-worker-provisioner', { ...common, DATABASE_URL: proxy.url }))
  const byRole = <T>([uiApi]: T[], [scheduler]: T[], [engine]: T[], [provisioner]: T[]) => ({ scheduler: scheduler!, 'ui-api': uiApi!, engine: engine!, 'latent-worker-provisioner': provisioner! })
  const workerIn = (name: string, basedir: string) => {
    mkdirSync(basedir)
    return new RoleProcess(name, 'worker', { ...process.env, ...env, YARD_ENGINE: network.url, YARD_WORKER_NAME: name, YARD_WORKER_PASSWORD: 'pw', YARD_WORKER_BASEDIR: basedir })
  }
  const workerProcesses = workers.map(name => workerIn(name, join(folder, name)))
  const stockWorkers = stockNames.map(name => new StockWorker({ name, password: 'pw', url: network.url, basedir: join(folder, name), env: { ...process.env, ...env } }))
  const proxies = [...uiApiProxies, ...schedulerProxies, ...engineProxies, ...provisionerProxies]
  const pool = new pg.Pool({ connectionString: database.url, max: 4, types: { getTypeParser: (oid, format) => (oid === 20 ? Number : pg.types.getTypeParser(oid, format)) } })
  // A test may stop its server.
  pool.on('error', () => {})
  const others: RoleProcess[] = []
  const processes = () => [...workerProcesses, ...stockWorkers, ...others, ...uiApis, ...schedulers, ...provisioners, ...engines]
  const uiApiUrls = uiApiPorts.map(port => `http://127.0.0.1:${port}/`)
  const url = balancer?.url ?? uiApiUrls[0]!
  const cluster: Cluster = {
    folder, url, client: createClient({ baseUrl: url }), proxies: byRole(uiApiProxies, schedulerProxies, engineProxies, provisionerProxies), roles: byRole(uiApis, schedulers, engines, provisioners),
    uiApis, uiApiUrls, uiApiProxies, engines, engineProxies, schedulers, schedulerProxies, provisioners, provisionerProxies, workers: workerProcesses, stockWorkers, workerUrl: network.url, network, processes,
    machines: () => machineProcesses(join(folder, 'machines')),
    anotherWorker(name) {
      const other = workerIn(name, join(folder, `${name}-${others.length}`))
      others.push(other)
      return other
    },
    rows: async <Row extends object>(sql: string, parameters?: unknown[]) => (await pool.query<Row>(sql, parameters)).rows,
    async stop() {
      for (const proxy of proxies) proxy.heal()
      network.heal()
      await Promise.all(processes().map(role => role.stop()))
      killMachines(join(folder, 'machines'))
      await Promise.all([network.close(), balancer?.close(), ...proxies.map(proxy => proxy.close())])
      await pool.end()
      await database.drop()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
  const started = await Promise.allSettled(processes().map(role => role.start()))
  const failed = started.find(start => start.status === 'rejected')
  if (failed) {
    await cluster.stop()
    throw failed.reason
  }
  return cluster
}

/** The end of every process's output: what a failed test needs. */
export function lastWords(cluster: Cluster, lines = 25): string {
  return cluster.processes().map(role => `--- ${role.name} (started ${role.starts} times)\n${role.lines.slice(-lines).join('\n')}`).join('\n')
}
