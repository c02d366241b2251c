import { RETRY, type Observed } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { condemnInstance, type Condemning } from './condemn-instance.js'
import { notePoolFailure } from './note-pool-failure.js'

export type FailedInstance = {
  id: number
  reason: string
  unlessConnected: boolean
  /** Given up for what its provider says of it; null: for something else. */
  observed: Observed | null
  /** What becomes of a build on it: 'retry' unless said. */
  building?: Condemning['building']
}

/**
 * A machine that was wanted is no good: dead, or its worker did not come, or has left it. It is to go, and what its worker was building ends RETRY at once, with this text. It counts against its
 * pool unless a build has come to its own end on it: one that is started again and again costs more than one that runs. False: it is not wanted any more, its provider says something else of it
 * than `observed` by now, its worker has come meanwhile (with `unlessConnected`), or it is left alone for its build.
 */
export async function failInstance(tx: Transaction, { id, reason, unlessConnected, observed, building = 'retry' }: FailedInstance): Promise<boolean> {
  const text = storableText(reason)
  // Pools, workers, sessions, instances: in everybody's order.
  const [pool] = await tx.query<{ id: number; worker_id: number }>(
    'SELECT p.id, i.worker_id FROM worker_pools p JOIN instances i ON i.pool_id = p.id WHERE i.id = $1 FOR NO KEY UPDATE OF p', [id])
  if (!pool) return false
  await tx.execute('SELECT 1 FROM workers WHERE id = $1 FOR NO KEY UPDATE', [pool.worker_id])
  const [session] = await tx.query<{ connected: boolean }>('SELECT connected FROM worker_sessions WHERE worker_id = $1 AND instance_id = $2 FOR UPDATE', [pool.worker_id, id])
  if (unlessConnected && session?.connected) return false
  const [instance] = await tx.query<{ proved: boolean; observed: Observed }>(
    'SELECT observed, EXISTS (SELECT 1 FROM builds b WHERE b.instance_id = i.id AND b.complete_at IS NOT NULL AND b.results <> $2) AS proved FROM instances i WHERE id = $1', [id, RETRY])
  if (observed !== null && instance!.observed !== observed) return false
  const condemned = await condemnInstance(tx, { instanceId: id, reason: text, building, failure: { class: 'retry', message: text } })
  if (condemned !== 'condemned') return false
  if (!instance!.proved) await notePoolFailure(tx, { poolId: pool.id, failure: { class: 'retry', message: text } })
  return true
}
