import { reportableEvents, type Told, type WakeTopic } from '@yardmaster/domain'
import { ReplicaBuried } from '@yardmaster/runtime'
import pg from 'pg'
import { isUnanswered } from './cancel-query.js'
import type { Database } from './database.js'
import { outboxBatch, type OutboxBatch } from './outbox.js'

/** Who writes: the lease that is renewed, and proven, by the first statement of the transaction. */
export type Fence = {
  replicaId: number
  /** Number of a group commit, rising. If the row has it already, AlreadyCommitted is thrown and nothing is done again. */
  batch?: number
}

/** One transaction: SQL, what it tells (`publish`, kept in the outbox) and whom it wakes once it is committed. */
export type Transaction = {
  query<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>
  /** Like `query`, for a statement of which only the number of rows matters. */
  execute(sql: string, parameters?: unknown[]): Promise<number>
  publish(...told: Told[]): void
  wake(topic: WakeTopic): void
}

/** Serialization failure and deadlock: the transaction did nothing and may be tried again. */
const RETRIED = new Set(['40001', '40P01'])
const ATTEMPTS = 5
/**
 * A process that stands still, or is cut off, within a transaction must not keep its locks: its peers could neither bury it nor take its workers.
 * Set in the transaction, since nothing may need session state.
 */
const BEGIN = 'BEGIN; SET LOCAL idle_in_transaction_session_timeout = 5000'

/**
 * Runs `work` in one transaction, with its outbox row, and wakes after the commit.
 * Deadlocks and serialization failures are tried again (so `work` must have no effect but its SQL); everything else is thrown.
 * With a `fence`, throws ReplicaBuried when the replica is no longer alive: the caller stops, it does not repair.
 * The lease's own transactions name its pool.
 */
export async function transaction<T>(db: Database, fence: Fence | null, work: (tx: Transaction) => Promise<T>, pool: pg.Pool = db.pool): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptTransaction({ db, pool }, fence, work)
    } catch (error) {
      if (attempt >= ATTEMPTS || !isContended(error)) throw error
    }
  }
}

export function sqlState(error: unknown): string {
  return error instanceof pg.DatabaseError ? (error.code ?? '') : ''
}

/** The database cannot be reached, is starting, is stopping, is a standby that will be the primary, has no room, or gave us up as we stood still: waiting helps. */
export function isUnavailable(error: unknown): boolean {
  const state = sqlState(error)
  if (state !== '') return /^(08|53|57P|25006|25P03)/.test(state)
  // What has no SQL state came from the connection, or from our own code: that has no code, or one of Node's ERR_.
  if (!(error instanceof Error)) return false
  return ('code' in error && typeof error.code === 'string' && !error.code.startsWith('ERR_')) || /connection|timeout|terminated/i.test(error.message)
}

/** Somebody else was in the way, as often as it was tried: later he will not be. */
export function isContended(error: unknown): boolean {
  return RETRIED.has(sqlState(error))
}

/** The data itself cannot be stored: class 22 (data exception), 23 (constraint), 54 (limit exceeded). */
export function isPoisoned(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error))
}

/** The fence's batch is in the database: the COMMIT whose answer was lost went through. */
export class AlreadyCommitted extends Error {
  override readonly name = 'AlreadyCommitted'
}

async function attemptTransaction<T>({ db, pool }: { db: Database; pool: pg.Pool }, fence: Fence | null, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error) => { broken = error }
  client.on('error', onError)
  try {
    await client.query(BEGIN)
    if (fence) await renew(client, fence)
    const { tx, envelopes, wakes } = openTransaction(client)
    const result = await work(tx)
    const { told, fed } = await keepInOutbox(client, envelopes)
    if (fed) wakes.add('reports')
    await client.query('COMMIT')
    if (fence) db.onRenewed()
    if (told || wakes.size > 0) db.onCommitted({ wakes, told })
    return result
  } catch (error) {
    // Where no answer came, none will come to a ROLLBACK: the connection goes, and the transaction with it.
    if (error instanceof Error && isUnanswered(error)) broken ??= error
    else await client.query('ROLLBACK').catch((rollbackError: Error) => { broken ??= rollbackError })
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

const KEEP = 'INSERT INTO outbox (envelopes) VALUES ($1::jsonb) RETURNING id, created_at'
/** Whether somebody is told of any of it: asked with the outbox's statement, since where nobody is, that is all it may cost. */
const KEEP_AND_ASK = `${KEEP}, EXISTS (SELECT 1 FROM configuration_sets WHERE reports && $2::text[]) AS reported`
/** What reporters are told of, for each set that has some. */
const FEED = `INSERT INTO report_feed (set_name, facts)
  SELECT s.name, (SELECT jsonb_agg(e) FROM jsonb_array_elements($1::jsonb) e WHERE e ->> 'type' = ANY(s.reports)) FROM configuration_sets s WHERE s.reports && $2::text[]`

async function keepInOutbox(client: pg.PoolClient, told: Told[]): Promise<{ told: OutboxBatch | null; fed: boolean }> {
  if (told.length === 0) return { told: null, fed: false }
  const reportable = told.filter(({ type }) => reportableEvents.has(type))
  const types = [...new Set(reportable.map(one => one.type))]
  const parameters = [JSON.stringify(told), ...(types.length > 0 ? [types] : [])]
  const { rows: [row] } = await client.query<{ id: number; created_at: Date; reported?: boolean }>(types.length > 0 ? KEEP_AND_ASK : KEEP, parameters)
  const fed = row!.reported === true && (await client.query(FEED, [JSON.stringify(reportable), types])).rowCount !== 0
  return { told: outboxBatch(row!, told), fed }
}

function openTransaction(client: pg.PoolClient) {
  const envelopes: Told[] = []
  const wakes = new Set<WakeTopic>()
  const tx: Transaction = {
    query: async (sql, parameters) => (await client.query(sql, parameters)).rows,
    execute: async (sql, parameters) => (await client.query(sql, parameters)).rowCount ?? 0,
    publish: (...told) => { envelopes.push(...told) },
    wake: topic => { wakes.add(topic) },
  }
  return { tx, envelopes, wakes }
}

async function renew(client: pg.PoolClient, fence: Fence): Promise<void> {
  // The row lock matters: a fence that is only read lets a stalled replica commit after its burial.
  const batch = fence.batch ?? null
  const { rowCount } = await client.query(
    `UPDATE replicas SET beat = beat + 1, batch = coalesce($2, batch), seen_at = clock_timestamp()
     WHERE id = $1 AND state = 'alive' AND ($2::bigint IS NULL OR batch < $2)`, [fence.replicaId, batch])
  if (rowCount === 1) return
  const { rowCount: committed } = await client.query(`SELECT 1 FROM replicas WHERE id = $1 AND state = 'alive' AND batch >= $2`, [fence.replicaId, batch])
  throw committed === 1 ? new AlreadyCommitted() : new ReplicaBuried(fence.replicaId)
}
