import { openDatabase } from '@yardmaster/db'
import { expect, it } from 'vitest'
import { freshDatabase } from './database.js'
import { fillLargeDatabase } from './large-database.js'

/** Pairs of child and parent by which nothing may be without its parent: the fixture is written with the checks off. */
const references = [
  ['builds', 'build_request_id', 'build_requests'], ['builds', 'builder_id', 'builders'], ['builds', 'worker_id', 'workers'], ['builds', 'replica_id', 'replicas'], ['build_requests', 'buildset_id', 'buildsets'],
  ['buildset_sourcestamps', 'buildset_id', 'buildsets'], ['buildset_sourcestamps', 'sourcestamp_id', 'sourcestamps'], ['changes', 'sourcestamp_id', 'sourcestamps'],
  ['steps', 'build_id', 'builds'], ['logs', 'step_id', 'steps'], ['log_chunks', 'log_id', 'logs'], ['buildsets', 'parent_build_id', 'builds'], ['instances', 'pool_id', 'worker_pools'],
] as const

it('fills a database with a history in which everything belongs together', async () => {
  const database = await freshDatabase()
  const db = openDatabase({ url: database.url, connections: 2, onConnectionLost: () => {} })
  try {
    const filled = await fillLargeDatabase(database.url, { builds: 3_000, builders: 100, workers: 20, logLines: 2_000 })
    const one = async (sql: string) => Object.values((await db.pool.query<{ [column: string]: unknown }>(sql)).rows[0] ?? {})[0]
    for (const [child, column, parent] of references) {
      expect(await one(`SELECT count(*)::int FROM ${child} c WHERE c.${column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${parent} p WHERE p.id = c.${column})`), `${child}.${column}`).toBe(0)
    }
    expect(await one('SELECT count(*)::int FROM builds')).toBe(3_000)
    expect(await one('SELECT count(DISTINCT results)::int FROM builds')).toBe(7)
    expect(await one('SELECT count(DISTINCT state)::int FROM build_requests')).toBe(3)
    expect(await one('SELECT count(*)::int FROM buildsets s WHERE remaining <> (SELECT count(*) FROM build_requests r WHERE r.buildset_id = s.id AND complete_at IS NULL)')).toBe(0)
    expect(await one(`SELECT count(*)::int FROM build_requests r WHERE state = 'claimed' AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.build_request_id = r.id)`)).toBe(0)
    expect(await one(`SELECT sum(last_line - first_line + 1)::int FROM log_chunks WHERE log_id = ${filled.log.id}`)).toBe(2_000)
    expect(await one('SELECT num_lines FROM logs ORDER BY num_lines DESC LIMIT 1')).toBe(2_000)
    expect(await one('SELECT nextval(pg_get_serial_sequence(\'builds\', \'id\'))::int')).toBe(3_001)
  } finally {
    await db.close()
    await database.drop()
  }
})
