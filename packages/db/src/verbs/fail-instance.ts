import { RETRY } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { condemnInstance, type Condemning } from './condemn-instance.js'
import { notePoolFailure } from './note-pool-failure.js'

export type FailedInstance = { id: number; reason: string; unlessConnected: boolean; /** What becomes of a build on it: 'retry' unless said. */ building?: Condemning['building'] }

/**
 * A machine that was wanted is no good: dead, or its worker did not come, or has left it. It is to go, and what its worker was building ends RETRY at once, with this text. It counts against its
 * pool unless a build has come to its own end on it: one that is started again and again costs more than one that runs. False: it is not wanted any more, or its worker has come meanwhile (with
 * `unlessConnected`), or it is left alone for its build.
 */
export async function failInstance(tx: Transaction, { id, reason, unlessConnected, building = 'retry' }: FailedInstance): Promise<boolean> {
  const text = storableText(reason)
  // Pools, workers, sessions, instances: in everybody's order.
  const [pool] = await tx.query<{ id: number; worker_id: number }>(
    'SELECT p.id, i.worker_id FROM worker_pools p JOIN instances i ON i.pool_id = p.id WHERE i.id = $1 FOR NO KEY UPDATE OF p', [id])
  if (!pool) return false
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [pool.worker_id])
  const [session] = await tx.query<{ connected: boolean }>('SELECT connected FROM worker_sessions WHERE worker_id = $1 AND instance_id = $2 FOR UPDATE', [pool.worker_id, id])
  if (unlessConnected && session?.connected) return false
  const [proof] = await tx.query('SELECT 1 FROM builds WHERE instance_id = $1 AND complete_at IS NOT NULL AND results <> $2 LIMIT 1', [id, RETRY])
  const condemned = await condemnInstance(tx, { instanceId: id, reason: text, building, failure: { class: 'retry', message: text } })
  if (condemned !== 'condemned') return false
  if (!proof) await notePoolFailure(tx, { poolId: pool.id, failure: { class: 'retry', message: text } })
  return true
}
