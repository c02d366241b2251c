import { PrismaPg } from '@prisma/adapter-pg'
import type { WakeTopic } from '@yardmaster/domain'
import pg from 'pg'
import { cancelUnanswered } from './cancel-query.js'
import { PrismaClient } from './generated/client.js'
import type { OutboxBatch } from './outbox.js'

export type DatabaseOptions = {
  url: string
  /** The replica's connection budget: Prisma's reads, the verbs and the lease together. */
  connections: number
  /** An idle connection broke; the pool has already replaced it. */
  onConnectionLost: (error: Error) => void
  /** How long an answer may take before its connection counts as dead; 15 s. */
  queryTimeoutMs?: number
}

/** What a commit asks for: whom to wake, and what it told, which is in the outbox as well. */
export type Committed = { wakes: ReadonlySet<WakeTopic>; told: OutboxBatch | null }

/** The one door of a process to PostgreSQL: `prisma` reads through `pool`, `transaction` writes through it. */
export type Database = {
  pool: pg.Pool
  /** One connection for the lease alone: whatever keeps the others busy, the process must not seem dead. */
  leasePool: pg.Pool
  prisma: PrismaClient
  /** Called after each commit that asked for wakes or told something. Wired to the bus; a lost call costs one sweep. */
  onCommitted: (committed: Committed) => void
  /** Called after each commit under a fence, which renews the lease. */
  onRenewed: () => void
  /** The database did not answer just now: what is in use may hang. */
  suspect(): void
  /** It answers again. Ends the connections that hang still: what waits on them fails at once, and is tried again on new ones. */
  hangUp(): void
  close(): Promise<void>
}

const INT8 = 20
/** Packets that vanish (a cable, a firewall that forgot) end no connection: without a limit a query waits for a quarter of an hour. */
const QUERY_TIMEOUT_MS = 15_000
/** With the wait for a free one. */
const CONNECT_TIMEOUT_MS = 10_000
/** Of the lease: connecting and renewing must take less than peers wait before they bury. */
const LEASE_TIMEOUT_MS = 2_500

export function openDatabase(options: DatabaseOptions): Database {
  const common = {
    connectionString: options.url,
    application_name: 'yardmaster',
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    // Ids stay below 2^53, so a number holds them exactly. Prisma's adapter brings its own parsers.
    types: { getTypeParser: (oid: number, format?: 'text' | 'binary') => (oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)) },
  }
  const pool = new pg.Pool({ ...common, max: Math.max(1, options.connections - 1), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: options.queryTimeoutMs ?? QUERY_TIMEOUT_MS })
  const leasePool = new pg.Pool({ ...common, max: 1, connectionTimeoutMillis: LEASE_TIMEOUT_MS, query_timeout: LEASE_TIMEOUT_MS })
  for (const each of [pool, leasePool]) each.on('error', options.onConnectionLost)
  cancelUnanswered(pool)
  const { inUse, suspects } = clientsInUse(pool)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) })
  return {
    pool,
    leasePool,
    prisma,
    onCommitted: () => {},
    onRenewed: () => {},
    suspect() {
      for (const client of inUse) suspects.add(client)
    },
    hangUp() {
      for (const client of suspects) if (client instanceof pg.Client) client.end().catch(() => {})
      suspects.clear()
    },
    async close() {
      await prisma.$disconnect()
      await Promise.all([pool.end(), leasePool.end()])
    },
  }
}

function clientsInUse(pool: pg.Pool): { inUse: Set<pg.PoolClient>; suspects: Set<pg.PoolClient> } {
  const inUse = new Set<pg.PoolClient>()
  const suspects = new Set<pg.PoolClient>()
  const forget = (client: pg.PoolClient) => {
    inUse.delete(client)
    suspects.delete(client)
  }
  pool.on('acquire', client => void inUse.add(client))
  pool.on('release', (_error, client) => forget(client))
  pool.on('remove', forget)
  return { inUse, suspects }
}
