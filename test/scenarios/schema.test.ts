import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { applyMigrations } from '@yardmaster/db'
import pg from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../kit/database.js'
import { RoleProcess } from '../kit/role-process.js'
import { until } from '../kit/until.js'

// Each call of the Prisma CLI takes seconds, on a busy machine many.

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

let database: TestDatabase
beforeEach(async () => { database = await freshDatabase() })
afterEach(() => database.drop())

type Outcome = { code: number; output: string }

/** Prisma's own program, on the schema and migrations of packages/db. */
async function prisma(url: string, ...args: string[]): Promise<Outcome> {
  const env = { ...process.env, DATABASE_URL: url, PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'test/kit/prisma-schema-engine.mjs'), PRISMA_HIDE_UPDATE_MESSAGE: '1', NO_COLOR: '1' }
  try {
    const { stdout, stderr } = await run(process.execPath, [join(root, 'packages/db/node_modules/prisma/build/index.js'), ...args], { cwd: join(root, 'packages/db'), env })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    if (!isFailedProgram(error)) throw error
    return { code: error.code, output: error.stdout + error.stderr }
  }
}

const isFailedProgram = (error: unknown): error is { code: number; stdout: string; stderr: string } => error instanceof Error && 'code' in error && typeof error.code === 'number' && 'stdout' in error

const compare = (url: string) => prisma(url, 'migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema', '--exit-code')

async function sql(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (const statement of statements) await client.query(statement)
  await client.end()
}

async function withEmptyDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const name = `${new URL(database.url).pathname.slice(1)}_empty`
  const url = new URL(inject('postgresUrl'))
  url.pathname = `/${name}`
  await sql(inject('postgresUrl'), `CREATE DATABASE ${name}`)
  try {
    await work(url.href)
  } finally {
    await sql(inject('postgresUrl'), `DROP DATABASE ${name} WITH (FORCE)`)
  }
}

test('the migrations make what the Prisma schema says, and a drift is told', async () => {
  expect(await compare(database.url)).toMatchObject({ code: 0, output: expect.stringContaining('No difference detected') })
  await sql(database.url, 'ALTER TABLE builds ADD COLUMN planted integer')
  expect(await compare(database.url)).toMatchObject({ code: 2, output: expect.stringContaining('planted') })
})

test('the Prisma CLI sees our migrations as its own, in both directions', async () => {
  expect(await prisma(database.url, 'migrate', 'status')).toMatchObject({ code: 0, output: expect.stringContaining('Database schema is up to date') })
  expect(await prisma(database.url, 'migrate', 'deploy')).toMatchObject({ code: 0, output: expect.stringContaining('No pending migrations to apply') })
  await withEmptyDatabase(async url => {
    expect(await prisma(url, 'migrate', 'deploy')).toMatchObject({ code: 0, output: expect.stringContaining('successfully applied') })
    expect(await applyMigrations(url)).toEqual([])
  })
})

test('five processes that start at once migrate once', async () => {
  await withEmptyDatabase(async url => {
    const program = `import { applyMigrations } from '@yardmaster/db'; console.log(JSON.stringify(await applyMigrations(process.env.DATABASE_URL)))`
    const starts = Array.from({ length: 5 }, () => run(process.execPath, ['--input-type=module', '-e', program], { cwd: root, env: { ...process.env, DATABASE_URL: url } }))
    const applied = (await Promise.all(starts)).map(({ stdout }) => JSON.parse(stdout) as string[])
    expect(applied.filter(names => names.length > 0)).toHaveLength(1)
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query('SELECT migration_name FROM _prisma_migrations ORDER BY 1')
    expect(rows.map(row => row.migration_name)).toEqual(applied.flat())
    expect((await client.query('SELECT 1 FROM installation')).rowCount).toBe(1)
    await client.end()
    expect((await compare(url)).code).toBe(0)
  })
})

test('a migration that was edited after it was applied is refused', async () => {
  await sql(database.url, `UPDATE _prisma_migrations SET checksum = 'another'`)
  await expect(applyMigrations(database.url)).rejects.toThrow(/must not be edited/)
})

test('a database that is newer than the software is refused', async () => {
  await sql(database.url, `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ('next', 'x', '29990101000000_future', now(), 1)`)
  await expect(applyMigrations(database.url)).rejects.toThrow(/29990101000000_future.*newer/)
})

test('a replica that starts builds the indexes that an upgrade has left', async () => {
  await sql(database.url, 'DROP INDEX builds_results', `INSERT INTO pending_indexes (name, definition, migration) VALUES ('builds_results', 'CREATE INDEX "builds_results" ON "builds"("results", "id") WHERE (results IS NOT NULL);', 'speed')`)
  const folder = mkdtempSync(join(tmpdir(), 'yardmaster-indexes-'))
  writeFileSync(join(folder, 'yard.config.ts'), `import { defineConfig, workers } from '@yardmaster/config'\nexport default defineConfig({ workers: [workers.worker({ name: 'w', password: 'p' })], builders: [] })`)
  const scheduler = new RoleProcess('scheduler', 'scheduler', { ...process.env, DATABASE_URL: database.url, NATS_URL: inject('natsUrl'), YARD_HOME: folder, YARD_CONFIG: join(folder, 'yard.config.ts') })
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await scheduler.start()
    await until('nothing is left', async () => (await client.query('SELECT 1 FROM pending_indexes')).rowCount === 0)
    expect((await client.query(`SELECT 1 FROM pg_index WHERE indexrelid = 'builds_results'::regclass AND indisvalid`)).rowCount).toBe(1)
  } finally {
    await client.end()
    await scheduler.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
})
