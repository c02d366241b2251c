import { RETRY } from '@yardmaster/domain'
import type { Database } from '../database.js'
import type { Transaction } from '../transaction.js'

/** A worker that comes and falls proves nothing: it stays, or has built. */
const PROVED = `(EXISTS (SELECT 1 FROM builds b WHERE b.instance_id = i.id AND b.complete_at IS NOT NULL AND b.results <> ${RETRY})
  OR i.connected_at <= now() - interval '2 minutes' AND EXISTS (SELECT 1 FROM worker_sessions s WHERE s.instance_id = i.id AND s.connected))`

/** A failed one is over after it was condemned, if at all: found among the latest by that. */
const FORGIVEN = `p.set_name = $1 AND p.failures > 0 AND (p.backoff_until IS NULL OR p.backoff_until <= now()) AND EXISTS (SELECT 1 FROM instances i WHERE i.pool_id = p.id AND i.gone_at IS NULL AND i.connected_at IS NOT NULL AND ${PROVED}
  AND NOT EXISTS (SELECT 1 FROM instances f WHERE f.pool_id = p.id AND (f.gone_at IS NULL OR f.gone_at >= i.connected_at) AND f.condemned_at >= i.connected_at AND f.failure_class IN ('retry', 'backoff')))`

/** Whether there is a pool to forgive: read first, since mostly there is none. */
export async function mayForgivePools(db: Database, set: string): Promise<boolean> {
  return (await db.pool.query(`SELECT 1 FROM worker_pools p WHERE ${FORGIVEN} LIMIT 1`, [set])).rowCount === 1
}

/** Pools of which a machine's worker has connected after the last that failed, and has built or stayed: what was wrong is over. A pause that runs is kept: a quota that lets one machine through is still a quota. */
export async function forgivePools(tx: Transaction, set: string): Promise<number> {
  await tx.execute('SELECT 1 FROM worker_pools WHERE set_name = $1 AND failures > 0 ORDER BY id FOR NO KEY UPDATE', [set])
  const forgiven = await tx.query<{ id: number; version: number }>(
    `UPDATE worker_pools p SET failures = 0, backoff_until = NULL, backoff_reason = NULL, version = p.version + 1 WHERE ${FORGIVEN} RETURNING p.id, p.version`, [set])
  for (const pool of forgiven) tx.publish({ type: 'pool.updated', ...pool, project: null })
  if (forgiven.length > 0) tx.wake('instances')
  return forgiven.length
}
