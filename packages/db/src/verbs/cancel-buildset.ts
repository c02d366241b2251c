import type { Transaction } from '../transaction.js'
import { cancelRequest } from './cancel-request.js'

/** A whole buildset is not wanted any more: what waits ends CANCELLED, what is being built is asked to stop. Returns what each of its requests that had not ended does now. */
export async function cancelBuildset(tx: Transaction, { buildsetId, reason, actor }: { buildsetId: number; reason: string; actor: string }): Promise<('cancelled' | 'stopping')[]> {
  await tx.execute('SELECT 1 FROM buildsets WHERE id = $1 FOR UPDATE', [buildsetId])
  const open = await tx.query<{ id: number }>(`SELECT id FROM build_requests WHERE buildset_id = $1 AND state <> 'complete' ORDER BY id FOR UPDATE`, [buildsetId])
  const done: ('cancelled' | 'stopping')[] = []
  for (const { id } of open) {
    const outcome = await cancelRequest(tx, { requestId: id, reason, actor })
    if (outcome !== null) done.push(outcome)
  }
  return done
}
