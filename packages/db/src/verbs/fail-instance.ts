import type { Observed } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { condemnInstance } from './condemn-instance.js'
import { notePoolFailure } from './note-pool-failure.js'

/**
 * A machine that was wanted is no good: dead, or its worker did not come. It is to go, and what its worker was building ends RETRY at once, with this text. It counts against its pool
 * when its worker never came. False: it is not wanted any more, its provider says something else of it than `observed` by now, or its worker has come meanwhile (with `unlessConnected`).
 */
export async function failInstance(tx: Transaction, { id, reason, unlessConnected, observed }: { id: number; reason: string; unlessConnected: boolean; observed: Observed }): Promise<boolean> {
  const text = storableText(reason)
  // Pools, workers, sessions, instances: in everybody's order.
  const [pool] = await tx.query<{ id: number; worker_id: number }>(
    'SELECT p.id, i.worker_id FROM worker_pools p JOIN instances i ON i.pool_id = p.id WHERE i.id = $1 FOR NO KEY UPDATE OF p', [id])
  if (!pool) return false
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [pool.worker_id])
  const [session] = await tx.query<{ connected: boolean }>('SELECT connected FROM worker_sessions WHERE worker_id = $1 AND instance_id = $2 FOR UPDATE', [pool.worker_id, id])
  if (unlessConnected && session?.connected) return false
  const [instance] = await tx.query<{ came: boolean; observed: Observed }>('SELECT connected_at IS NOT NULL AS came, observed FROM instances WHERE id = $1', [id])
  if (instance!.observed !== observed) return false
  const condemned = await condemnInstance(tx, { instanceId: id, reason: text, building: 'retry', failure: { class: 'retry', message: text } })
  if (condemned !== 'condemned') return false
  if (!instance!.came) await notePoolFailure(tx, { poolId: pool.id, failure: { class: 'retry', message: text } })
  return true
}
