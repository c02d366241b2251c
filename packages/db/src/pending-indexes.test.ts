import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyMigrations, buildPendingIndexes } from '@yardmaster/db'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { freshDatabase } from '../../../test/kit/database.js'
import { until } from '../../../test/kit/until.js'

const migrations = join(import.meta.dirname, '../prisma/migrations')
/** The last one of a version that installations run. */
const RELEASED = '20261123001100_alike'
const upgraded = `upgraded_${process.pid}`
const name = `${upgraded}_copy`

let url: string
let folder: string
let client: pg.Client
let writer: pg.Client

async function connect(to: string): Promise<pg.Client> {
  const connected = new pg.Client({ connectionString: to })
  connected.on('error', () => {})
  await connected.connect()
  return connected
}

async function administrate(statement: string): Promise<void> {
  const administrator = await connect(inject('postgresUrl'))
  await administrator.query(statement)
  await administrator.end()
}

const urlOf = (database: string) => Object.assign(new URL(inject('postgresUrl')), { pathname: `/${database}` }).href

/** A database of the released version, upgraded. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'yardmaster-migrations-'))
  for (const migration of readdirSync(migrations).filter(each => each <= RELEASED)) cpSync(join(migrations, migration), join(folder, migration), { recursive: true })
  await administrate(`CREATE DATABASE ${upgraded}`)
  await applyMigrations(urlOf(upgraded), folder)
  await applyMigrations(urlOf(upgraded))
})
afterAll(async () => {
  await administrate(`DROP DATABASE IF EXISTS ${upgraded}`)
  rmSync(folder, { recursive: true })
})

/** A copy of it, with a transaction that goes on writing sourcestamps. */
beforeEach(async () => {
  await administrate(`CREATE DATABASE ${name} TEMPLATE ${upgraded}`)
  url = urlOf(name)
  client = await connect(url)
  writer = await connect(url)
  await writer.query('BEGIN')
  await addSourcestamp(writer, 'uncommitted')
})
afterEach(async () => {
  await Promise.all([client.end(), writer.end()])
  await administrate(`DROP DATABASE ${name} WITH (FORCE)`)
})

/** Without parameters, whose portal would keep a snapshot: it is waited for as a writer. */
const addSourcestamp = (to: pg.Client, key: string) => to.query(`INSERT INTO sourcestamps (key, codebase, repository, project) VALUES ('${key}', '', '', '')`)

const never = new AbortController().signal
const build = (signal = never) => buildPendingIndexes(url, { signal, onBegin: () => {} })

/** It cannot go on before the writer has ended: as long as an index takes. */
const isAtSourcestamps = () => until('an index of sourcestamps is being built', async () => (await client.query(`SELECT 1 FROM pg_stat_progress_create_index WHERE relid = 'sourcestamps'::regclass AND phase LIKE 'waiting for writers%'`)).rowCount === 1)
const pending = async () => (await client.query<{ name: string }>('SELECT name FROM pending_indexes ORDER BY id')).rows.map(row => row.name)

async function indexesOf(at: pg.Client): Promise<unknown[]> {
  const { rows } = await at.query(`SELECT indexdef, indisvalid FROM pg_indexes JOIN pg_index ON indexrelid = quote_ident(indexname)::regclass WHERE schemaname = 'public' ORDER BY indexname`)
  return rows
}

test('indexes are built while everybody writes, and are then those of a new database', async () => {
  expect(await pending()).toEqual(expect.arrayContaining(['builds_started_at_idx', 'builds_results', 'changes_of_author', 'sourcestamps_of_revision']))
  const building = build()
  await isAtSourcestamps()
  await client.query(`SET lock_timeout = '20s'`)
  await addSourcestamp(client, 'beside it')
  expect(await build()).toEqual({ left: true })
  await writer.query('COMMIT')
  expect(await building).toEqual({ left: false })
  expect(await pending()).toEqual([])
  const fresh = await freshDatabase()
  const made = await connect(fresh.url)
  try {
    expect(await indexesOf(client)).toEqual(await indexesOf(made))
  } finally {
    await made.end()
    await fresh.drop()
  }
})

test('what was killed half-way is made anew', async () => {
  const building = build().catch((error: unknown) => error)
  await isAtSourcestamps()
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_progress_create_index WHERE relid = 'sourcestamps'::regclass`)
  expect(await building).toBeInstanceOf(Error)
  const invalid = async () => (await client.query('SELECT 1 FROM pg_index WHERE NOT indisvalid')).rowCount
  expect(await invalid()).toBe(1)
  await writer.query('COMMIT')
  expect(await build()).toEqual({ left: false })
  expect(await invalid()).toBe(0)
  expect(await pending()).toEqual([])
})

test('what the server still works at for a process that has gone is left to it', async () => {
  const stopping = new AbortController()
  const building = build(stopping.signal).catch((error: unknown) => error)
  await isAtSourcestamps()
  stopping.abort()
  await building
  const before = await pending()
  expect(await build()).toEqual({ left: true })
  expect(await pending()).toContain(before[0])
  await writer.query('COMMIT')
  await until('all are there', async () => !(await build()).left)
  expect(await pending()).toEqual([])
})

test('a later migration finds what it speaks of', async () => {
  const later = join(folder, '29990101000000_later')
  cpSync(migrations, folder, { recursive: true })
  mkdirSync(later)
  writeFileSync(join(later, 'migration.sql'), 'DROP INDEX "changes_of_author";\nCREATE INDEX "builds_another" ON "builds"("results");')
  await writer.query('ROLLBACK')
  await applyMigrations(url, folder)
  const left = await pending()
  expect(left).not.toContain('changes_of_author')
  expect(left).toContain('changes_of_branch')
  expect(left).toContain('builds_another')
})
