import { isUnanswered, isUnavailable, openDatabase, transaction, type Database } from '@yardmaster/db'
import { systemClock } from '@yardmaster/runtime'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freshDatabase, type TestDatabase } from '../../../test/kit/database.js'
import { until } from '../../../test/kit/until.js'
import { startPostgresProxy, type PostgresProxy } from '../../../test/kit/postgres-proxy.js'

const clock = systemClock()
let database: TestDatabase
let proxy: PostgresProxy
let db: Database

beforeEach(async () => {
  database = await freshDatabase()
  proxy = await startPostgresProxy(database.url)
})
afterEach(async () => {
  proxy.heal()
  await db.close()
  await proxy.close()
  await database.drop()
})

function open(queryTimeoutMs?: number): Database {
  return openDatabase({ url: proxy.url, connections: 3, onConnectionLost: () => {}, ...(queryTimeoutMs === undefined ? {} : { queryTimeoutMs }) })
}

test('a query whose answer never comes ends, and its connection is not used again', async () => {
  db = open(500)
  await db.pool.query('SELECT 1')
  proxy.blackhole()
  const error: unknown = await db.pool.query('SELECT 2').catch((caught: unknown) => caught)
  expect(isUnavailable(error)).toBe(true)
  const inTransaction: unknown = await transaction(db, null, tx => tx.query('SELECT 3')).catch((caught: unknown) => caught)
  expect(isUnavailable(inTransaction)).toBe(true)
  proxy.heal()
  // Half a second is short for a new connection on a busy machine.
  const { rows } = await until('it to answer', () => db.pool.query('SELECT 4 AS n').catch(() => null))
  expect(rows).toEqual([{ n: 4 }])
})

test('a query that takes too long is given up by the database as well', async () => {
  db = open(500)
  const direct = openDatabase({ url: database.url, connections: 2, onConnectionLost: () => {} })
  try {
    const running = async () => (await direct.pool.query(`SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active' AND datname = current_database()`)).rows.length
    const slow = db.pool.query('SELECT pg_sleep(600)').catch((caught: unknown) => caught)
    await until('it is under way', async () => (await running()) === 1)
    expect(isUnanswered(await slow)).toBe(true)
    await until('it is not any more', async () => (await running()) === 0)
  } finally {
    await direct.close()
  }
})

test('what hangs since the database was away fails at once when it is back; what was asked since is left alone', async () => {
  db = open()
  await db.pool.query('SELECT 1')
  proxy.blackhole()
  const hanging = db.pool.query('SELECT 2').catch((caught: unknown) => caught)
  await new Promise(resolve => setImmediate(resolve))
  db.suspect()
  db.hangUp()
  expect(isUnavailable(await hanging)).toBe(true)
  proxy.heal()
  const slow = db.pool.query('SELECT 3 AS n FROM pg_sleep(0.3)')
  await clock.sleep(100)
  db.hangUp()
  expect((await slow).rows).toEqual([{ n: 3 }])
})

test('a transaction that stands still loses its locks, so that nobody waits for a frozen process', async () => {
  db = open()
  await db.pool.query('CREATE TABLE t AS SELECT 1 AS n')
  let locked!: () => void
  const holding = new Promise<void>(resolve => { locked = resolve })
  const frozen = transaction(db, null, async tx => {
    await tx.execute('UPDATE t SET n = 2')
    locked()
    await clock.sleep(7_000)
    await tx.execute('UPDATE t SET n = 3')
  }).catch((caught: unknown) => caught)
  await holding
  await transaction(db, null, tx => tx.execute('UPDATE t SET n = n + 10'))
  expect(isUnavailable(await frozen)).toBe(true)
  expect((await db.pool.query('SELECT n FROM t')).rows).toEqual([{ n: 11 }])
})
