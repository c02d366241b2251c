import { CANCELLED } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { completeRequests } from './complete-requests.js'
import { requestStop } from './stop-build.js'

/**
 * A build request is not wanted any more: one that waits ends CANCELLED; of one that is being built the build is asked to stop.
 * Returns what was done; null: it had ended, or there is none of this id.
 */
export async function cancelRequest(tx: Transaction, cancel: { requestId: number; reason: string; actor: string }): Promise<'cancelled' | 'stopping' | null> {
  const { requestId, reason, actor } = cancel
  // The buildset first: the order in which everybody locks.
  await tx.execute('SELECT 1 FROM buildsets WHERE id = (SELECT buildset_id FROM build_requests WHERE id = $1) FOR UPDATE', [requestId])
  const [request] = await tx.query<{ state: string }>('SELECT state FROM build_requests WHERE id = $1 FOR UPDATE', [requestId])
  if (request?.state === 'pending') {
    await completeRequests(tx, [{ requestId, results: CANCELLED, reason, actor }])
    return 'cancelled'
  }
  if (request?.state !== 'claimed') return null
  const running = await tx.query<{ id: number }>('SELECT id FROM builds WHERE build_request_id = $1 AND complete_at IS NULL ORDER BY id', [requestId])
  for (const { id } of running) await requestStop(tx, { buildId: id, reason, actor })
  return 'stopping'
}
