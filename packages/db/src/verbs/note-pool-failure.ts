import type { InstanceFailure } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

const FIRST_BACKOFF_SECONDS = 30
const LONGEST_BACKOFF_SECONDS = 1_800
/** So many machines in a row may fail by themselves before the pool pauses: one that does says little of the others. */
const FORGIVEN = 2

/**
 * A machine of this pool failed. Credentials or credits (`alert`) stop the pool until somebody has looked; a quota (`backoff`) pauses it, longer each time; machines
 * that fail one after the other do so too. Many that fail at once count as one. The caller holds the pool's row, or locks nothing after it that comes before.
 */
export async function notePoolFailure(tx: Transaction, { poolId, failure }: { poolId: number; failure: InstanceFailure }): Promise<void> {
  const message = storableText(failure.message)
  const [pool] = failure.class === 'alert'
    ? await tx.query<{ version: number }>('UPDATE worker_pools SET alert = $2, alerted_at = now(), version = version + 1 WHERE id = $1 AND alert IS NULL RETURNING version', [poolId, message])
    : await tx.query<{ version: number }>(
      `UPDATE worker_pools SET failures = failures + 1, backoff_reason = $2, version = version + 1,
         backoff_until = CASE WHEN failures < $3 THEN backoff_until ELSE now() + make_interval(secs => least($4 * power(2, least(failures - $3, 16)), $5)) END
       WHERE id = $1 AND (backoff_until IS NULL OR backoff_until <= now()) RETURNING version`,
      [poolId, message, failure.class === 'backoff' ? 0 : FORGIVEN, FIRST_BACKOFF_SECONDS, LONGEST_BACKOFF_SECONDS])
  if (!pool) return
  tx.publish({ type: 'pool.updated', id: poolId, version: pool.version, project: null })
  if (failure.class === 'alert') tx.publish({ type: 'pool.alert', id: poolId, version: pool.version, project: null })
}
