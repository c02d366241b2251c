import type { Transaction } from '../transaction.js'

/**
 * What a replica was doing to machines when it ended is nobody's now. Whether what it was creating came to be is not known; a removal is begun again.
 * `except`: instances at which it still is.
 */
export async function freeOperations(tx: Transaction, { replicaId, except = [] }: { replicaId: number; except?: number[] }): Promise<number> {
  const freed = await tx.query<{ id: number; version: number }>(
    `UPDATE instances SET operation = NULL, operation_replica_id = NULL, operation_since = NULL, retry_at = NULL, version = version + 1,
       unsure_since = CASE WHEN operation = 'create' THEN now() ELSE unsure_since END
     WHERE id IN (SELECT id FROM instances WHERE operation_replica_id = $1 AND operation IS NOT NULL AND gone_at IS NULL AND id <> ALL($2) ORDER BY id FOR NO KEY UPDATE)
     RETURNING id, version`, [replicaId, except])
  for (const row of freed) tx.publish({ type: 'instance.updated', ...row, project: null })
  if (freed.length > 0) tx.wake('instances')
  return freed.length
}
