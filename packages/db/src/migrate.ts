import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { deferIndexes, speaksOf, type IndexStatement } from './deferred-indexes.js'

const FOLDER = fileURLToPath(new URL('../prisma/migrations', import.meta.url))

/** Any constant; every process that migrates takes the same lock. */
const LOCK = 7_202_611_220

// As Prisma's schema engine creates it, so that `prisma migrate deploy` and this stay interchangeable.
const LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum VARCHAR(64) NOT NULL,
  finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL,
  logs TEXT,
  rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`

type Migration = { name: string; sql: string; checksum: string }

/**
 * Brings the database to the newest schema; safe with any number of processes starting together.
 * All pending migrations are one transaction: an upgrade happens wholly or not at all. Returns the names applied.
 * Indexes of tables that were there before are left to `buildPendingIndexes`: making them here would keep writers out for as long as it takes.
 * Throws when an applied migration is not the one on disk, or when the database is newer than this software.
 */
export async function applyMigrations(url: string, folder = FOLDER): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'yardmaster migrate' })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK])
    await client.query(LEDGER)
    const { pending, isUpgrade } = await pendingMigrations(client, migrationsIn(folder))
    const { migrations, indexes } = isUpgrade ? deferIndexes(pending) : { migrations: pending, indexes: [] }
    if (isUpgrade) await finishNamed(client, migrations)
    for (const migration of migrations) await apply(client, migration)
    for (const index of indexes) await leaveForLater(client, index)
    await client.query('INSERT INTO installation DEFAULT VALUES ON CONFLICT DO NOTHING')
    await client.query('COMMIT')
    return pending.map(migration => migration.name)
  } finally {
    await client.end()
  }
}

function migrationsIn(folder: string): Migration[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
    .map(name => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

async function pendingMigrations(client: pg.Client, onDisk: readonly Migration[]): Promise<{ pending: Migration[]; isUpgrade: boolean }> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL')
  const applied = new Map(rows.map(row => [row.migration_name, row.checksum]))
  const known = new Set(onDisk.map(migration => migration.name))
  for (const name of applied.keys()) {
    if (!known.has(name)) throw new Error(`The database has migration ${name}, which this version of Yardmaster does not know: it is newer than this software. Start the newer version.`)
  }
  for (const { name, checksum } of onDisk) {
    const found = applied.get(name)
    if (found !== undefined && found !== checksum) throw new Error(`Migration ${name} was applied with checksum ${found}, but the file has ${checksum}: a migration must not be edited once it is applied.`)
  }
  return { pending: onDisk.filter(migration => !applied.has(migration.name)), isUpgrade: applied.size > 0 }
}

/** A migration may drop or rename what an earlier upgrade has left for later: then it must be there. */
async function finishNamed(client: pg.Client, migrations: readonly Migration[]): Promise<void> {
  const { rows: [table] } = await client.query<{ name: string | null }>(`SELECT to_regclass('pending_indexes')::text AS name`)
  if (!table?.name) return
  const { rows } = await client.query<{ name: string; definition: string }>('SELECT name, definition FROM pending_indexes')
  for (const { name, definition } of rows.filter(row => migrations.some(({ sql }) => speaksOf(sql, row.definition)))) {
    await client.query(definition.replace(/^CREATE INDEX /, 'CREATE INDEX IF NOT EXISTS '))
    await client.query('DELETE FROM pending_indexes WHERE name = $1', [name])
  }
}

async function leaveForLater(client: pg.Client, { name, definition, migration }: IndexStatement): Promise<void> {
  await client.query('INSERT INTO pending_indexes (name, definition, migration) VALUES ($1, $2, $3)', [name, definition, migration])
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  try {
    await client.query(sql)
  } catch (error) {
    throw new Error(`migration ${name} failed and nothing was changed: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  await client.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES (gen_random_uuid(), $1, $2, clock_timestamp(), 1)`,
    [checksum, name])
}
