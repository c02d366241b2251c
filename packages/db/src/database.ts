import { PrismaPg } from '@prisma/adapter-pg'
import type { WakeTopic } from '@yardmaster/domain'
import pg from 'pg'
import { PrismaClient } from './generated/client.js'

export type DatabaseOptions = {
  url: string
  /** The replica's connection budget, Prisma's reads and the verbs together. */
  connections: number
  /** An idle connection broke; the pool has already replaced it. */
  onConnectionLost: (error: Error) => void
}

/** The one pool of a process: `prisma` reads through it, `transaction` writes through it. */
export type Database = {
  pool: pg.Pool
  prisma: PrismaClient
  /** Called after each commit that asked for wakes. Wired to the bus; a lost call costs one sweep. */
  onCommitted: (wakes: ReadonlySet<WakeTopic>) => void
  close(): Promise<void>
}

const INT8 = 20

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.connections,
    application_name: 'yardmaster',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    // Ids stay below 2^53, so a number holds them exactly. Prisma's adapter brings its own parsers.
    types: { getTypeParser: (oid, format) => (oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format)) },
  })
  pool.on('error', options.onConnectionLost)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool, { disposeExternalPool: false }) })
  return {
    pool,
    prisma,
    onCommitted: () => {},
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}
