import pg from 'pg'
import type { Database } from './database.js'

/** Whoever builds indexes holds it; migrating has another, so that it never waits for an index. */
const LOCK = 7_202_611_221

export type IndexBuilding = {
  signal: AbortSignal
  onBegin(index: { name: string; migration: string }): void
}

type Pending = { name: string; definition: string; migration: string; valid: boolean; invalid: boolean; beingBuilt: boolean }

const PENDING = `SELECT p.name, p.definition, p.migration, coalesce(i.indisvalid, false) AS valid, coalesce(NOT i.indisvalid, false) AS invalid,
    EXISTS (SELECT 1 FROM pg_stat_progress_create_index b WHERE b.datname = current_database() AND b.index_relid = i.indexrelid) AS "beingBuilt"
  FROM pending_indexes p LEFT JOIN pg_index i ON i.indexrelid = to_regclass(quote_ident(p.name)) ORDER BY p.id`

/** Whether an upgrade has left indexes to be built. */
export async function hasPendingIndexes({ pool }: Database): Promise<boolean> {
  const { rows: [pending] } = await pool.query<{ any: boolean }>('SELECT EXISTS (SELECT 1 FROM pending_indexes) AS any')
  return pending?.any === true
}

/**
 * Builds the indexes that an upgrade has left for later, one after the other, while everybody writes. Returns whether any is left: another process is
 * at it, or the server still works for one that died. Resolves early when `signal` is aborted, which leaves the server at work.
 */
export async function buildPendingIndexes(url: string, { signal, onBegin }: IndexBuilding): Promise<{ left: boolean }> {
  const holder = await connect(url)
  const builder = await connect(url).catch((error: unknown) => holder.end().then(() => { throw error }))
  const hangUp = () => void builder.end()
  signal.addEventListener('abort', hangUp)
  try {
    // Of the transaction, since one of the session would be lost behind a pooler. Not waited for: whoever waits in a statement has a snapshot, and
    // an index is complete only when all older snapshots are gone; and without a parameter, since the portal of such a query keeps its snapshot, too.
    await holder.query('BEGIN')
    const { rows: [lock] } = await holder.query<{ mine: boolean }>(`SELECT pg_try_advisory_xact_lock(${LOCK}) AS mine`)
    if (!lock?.mine) return { left: true }
    const { rows } = await builder.query<Pending>(PENDING)
    for (const index of rows) {
      if (signal.aborted || index.beingBuilt) return { left: true }
      await build(builder, index, onBegin)
    }
    return { left: false }
  } finally {
    signal.removeEventListener('abort', hangUp)
    await Promise.all([holder.end(), builder.end()])
  }
}

async function build(client: pg.Client, { name, definition, migration, valid, invalid }: Pending, onBegin: IndexBuilding['onBegin']): Promise<void> {
  if (!valid) {
    onBegin({ name, migration })
    // What a build that failed or was killed has left is kept up to date by every write, and used by no query.
    if (invalid) await client.query(`DROP INDEX CONCURRENTLY IF EXISTS "${name}"`)
    await client.query(definition.replace(/^CREATE INDEX /, 'CREATE INDEX CONCURRENTLY IF NOT EXISTS '))
  }
  await client.query('DELETE FROM pending_indexes WHERE name = $1', [name])
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'yardmaster indexes' })
  // The query under way fails as well; without a listener this would end the process.
  client.on('error', () => {})
  await client.connect()
  return client
}
