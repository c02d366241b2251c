import { readDemand } from '@yardmaster/db/verbs/read-demand'
import { readOpenInstances, readUsedPools } from '@yardmaster/db/verbs/read-ledger'
import { readMachineFacts } from '@yardmaster/db/verbs/read-machine-facts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { aConfiguration, anInstallation, type Installation } from '../../../../test/kit/installation.js'
import { aPool } from '../../../../test/kit/machine-rows.js'

const ROWS = 20_000

let installation: Installation
beforeAll(async () => {
  const pool = aPool('big', { max: 10 })
  installation = await anInstallation(aConfiguration({ workers: pool.workers, pools: [pool.pool] }))
  const { db, generationId } = installation
  await db.pool.query(
    `INSERT INTO instances (pool_id, worker_id, attempt, provider, generation_id, desired, observed, holds_slot, reason, requested_at, condemned_at, gone_at)
     SELECT w.pool_id, w.id, 1 + n / 10, 'process', $1, 'gone', 'absent', false, 'a build waits', t, t, t
     FROM generate_series(1, ${ROWS}) n JOIN workers w ON w.name = 'big-' || 1 + n % 10, LATERAL (SELECT now() - (${ROWS} - n) * interval '1 hour' AS t) x`, [generationId])
  await db.pool.query('ANALYZE instances')
})
afterAll(() => installation?.close())

/** Rows of the ledger and entries of its indexes that were gone through. */
async function read(): Promise<number> {
  await installation.db.pool.query('SELECT pg_stat_force_next_flush()')
  const { rows } = await installation.db.pool.query<{ sum: number }>(
    `SELECT ((SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'instances') + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'instances'))::float8 AS sum`)
  return rows[0]!.sum
}

it.each<[string, (db: Installation['db'], generationId: number) => Promise<unknown>]>([
  ['what is wanted', (db, generationId) => readDemand(db, { set: 'main', generationId, capped: ['big'] })],
  ['what is open', db => readOpenInstances(db, 'main')],
  ['whose accounts may hold something', db => readUsedPools(db, 'main')],
  ['what is measured', db => readMachineFacts(db, 'main')],
])('%s is not looked for among all machines that ever were', async (_what, look) => {
  const { db, generationId } = installation
  const before = await read()
  await look(db, generationId)
  expect(await read() - before).toBeLessThan(500)
})
