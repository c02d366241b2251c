import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { applyMigrations } from '@yardmaster/db'
import { freePort } from '@yardmaster/cli/local'
import pg from 'pg'
import { fillLargeDatabase, type LargeDatabaseOptions } from '../kit/large-database.js'
import { platforms } from '../kit/large/inventory.js'
import { RoleProcess } from '../kit/role-process.js'
import { createDatabase, type Bench } from './installation.js'

export type LargeInstallation = {
  url: string
  api: RoleProcess
  rows<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>
  stop(): Promise<void>
}

type Options = LargeDatabaseOptions & { name: string }

/**
 * One ui-api on one core, over the database of test/kit/large-database.ts: a new one, or the one that is kept (`--database`), which is filled when it is empty.
 */
export async function startLargeInstallation(bench: Bench, { name, ...options }: Options): Promise<LargeInstallation> {
  const kept = bench.database
  const database = kept === null ? await createDatabase(bench.postgres.url, `bench_${name}`) : { url: kept, drop: async () => {} }
  const pool = new pg.Pool({ connectionString: database.url, max: 2, types: { getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)) } })
  await applyMigrations(database.url)
  const { rowCount } = await pool.query('SELECT 1 FROM builds LIMIT 1')
  if (rowCount === 0) await fillLargeDatabase(database.url, options)
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-bench-'))
  writeFileSync(join(folder, 'yard.config.ts'), configOf(options))
  const port = await freePort()
  const env = { ...process.env, DATABASE_URL: database.url, NATS_URL: bench.nats.url, YARD_HOME: folder, YARD_CONFIG: join(folder, 'yard.config.ts'), YARD_PORT: String(port), YARD_LOG_LEVEL: 'warn' }
  const profiling = bench.profiles === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${bench.profiles}`, `--cpu-prof-name=${name}-ui-api.cpuprofile`]
  const api = new RoleProcess('ui-api', 'ui-api', env, profiling)
  const stop = async () => {
    await api.stop()
    await pool.end()
    await database.drop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
  try {
    await api.start()
    // As a container that was given one core; all of its threads.
    spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', '0', String(api.pid)])
    // An engine that is there: otherwise every builder would seem to be on none.
    await pool.query(`INSERT INTO replicas (role, name, host, pid, software_version) SELECT 'engine', 'engine', 'bench', 1, '0' WHERE NOT EXISTS (SELECT 1 FROM replicas WHERE state = 'alive' AND role = 'engine')`)
    return { url: `http://127.0.0.1:${port}/`, api, stop, rows: async <Row extends object>(sql: string, parameters?: unknown[]) => (await pool.query<Row>(sql, parameters)).rows }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Names the builders and workers that the fixture has. */
const configOf = ({ builders = 4_000, workers = 500 }: LargeDatabaseOptions) => `
import { defineConfig, workers } from '@yardmaster/config'
const platforms = ${JSON.stringify(platforms)}
const names = Array.from({ length: ${workers} }, (_, index) => 'worker-' + (index + 1))
export default defineConfig({
  workers: names.map(name => workers.worker({ name, password: 'pw' })),
  projects: Array.from({ length: 20 }, (_, index) => ({ name: 'project-' + index })),
  builders: Array.from({ length: ${builders} }, (_, index) => index + 1).map(n => ({
    name: 'tests-' + platforms[n % 5] + '-' + n, project: 'project-' + n % 20, description: 'Runs the tests of project ' + n % 20, tags: [platforms[n % 5], 'tier-' + (1 + n % 3)],
    workers: [0, 1, 2, 3].map(s => names[(n * 7 + s) % names.length]), steps: [],
  })),
})
`
