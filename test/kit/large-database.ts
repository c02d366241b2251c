import pg from 'pg'
import { historyStatements } from './large/history.js'
import { inventoryStatements } from './large/inventory.js'
import { logStatements } from './large/logs.js'

export type LargeDatabaseOptions = {
  /** Some history is left over: the newest are running, others wait. */
  builds: number
  /** 4,000; those that the database has already count. */
  builders?: number
  /** 500; those that the database has already count. */
  workers?: number
  /** Lines of the one large log, of 84 bytes each; 100,000. */
  logLines?: number
  /** Builds with 3 properties instead of 20 to 40, and without steps and logs, for tens of millions of them. */
  slim?: boolean
}

export type LargeDatabase = {
  builds: number
  /** The large log (`stdio` of the first step of the newest build that is complete) and how many lines it has. */
  log: { id: number; lines: number }
  /** The builder with the most builds. */
  busiestBuilder: number
}

/** Sizes from which everything else follows. */
export type Sizes = Required<LargeDatabaseOptions>

/** Indexes are made after the rows, which is several times as fast; primary keys stay. */
const indexesOf = `SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition FROM pg_index i
  WHERE i.indrelid = ANY(ARRAY['builds', 'build_requests', 'buildsets', 'buildset_sourcestamps', 'steps', 'logs', 'log_chunks', 'changes', 'sourcestamps', 'control_actions', 'notifications']::regclass[]) AND NOT i.indisprimary`

/**
 * Fills a migrated database without builds with a history as it grows over a year: by SQL alone, the same each time, and analyzed.
 * A million builds take a minute or two, 20,000 some seconds. The database's user must be a superuser.
 */
export async function fillLargeDatabase(url: string, options: LargeDatabaseOptions): Promise<LargeDatabase> {
  const sizes: Sizes = { builders: 4_000, workers: 500, logLines: 100_000, slim: false, ...options }
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows: before } = await client.query<{ any: boolean }>('SELECT EXISTS (SELECT 1 FROM build_requests) AS any')
    if (before[0]?.any) throw new Error('fillLargeDatabase: the database has build requests already; it fills one without')
    // What refers to what is right by construction; checking it row by row would take most of the time.
    await client.query(`SET session_replication_role = 'replica'; SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET client_min_messages = 'warning'`)
    const { rows: indexes } = await client.query<{ name: string; definition: string }>(indexesOf)
    for (const statement of inventoryStatements(sizes)) await client.query(statement)
    for (const { name } of indexes) await client.query(`DROP INDEX ${name}`)
    for (const statement of [...historyStatements(sizes), ...logStatements(sizes)]) await client.query(statement)
    for (const { definition } of indexes) await client.query(definition)
    await moveSequences(client)
    await client.query('VACUUM (ANALYZE)')
    return await describe(client, sizes)
  } finally {
    await client.end()
  }
}

/** Ids were given by hand: the next ones come after them. */
async function moveSequences(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ table: string; sequence: string }>(
    `SELECT c.oid::regclass::text AS table, pg_get_serial_sequence(c.oid::regclass::text, 'id') AS sequence
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'id' WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace`)
  for (const { table, sequence } of rows) if (sequence !== null) await client.query(`SELECT setval('${sequence}', greatest((SELECT coalesce(max(id), 0) FROM ${table}), 1))`)
}

async function describe(client: pg.Client, { builds, logLines, slim }: Sizes): Promise<LargeDatabase> {
  const { rows: logs } = slim ? { rows: [] } : await client.query<{ id: string }>('SELECT id FROM logs WHERE num_lines = $1 ORDER BY id DESC LIMIT 1', [logLines])
  const { rows: builders } = await client.query<{ id: string }>('SELECT builder_id AS id FROM builds GROUP BY 1 ORDER BY count(*) DESC LIMIT 1')
  return { builds, log: { id: Number(logs[0]?.id ?? 0), lines: slim ? 0 : logLines }, busiestBuilder: Number(builders[0]?.id ?? 0) }
}
