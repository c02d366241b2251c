import type { Transaction } from '../transaction.js'

/** Nothing of these commands runs on the worker any more. Returns false when somebody else holds the session by now. */
export async function clearOrphans(tx: Transaction, cleared: { workerId: number; number: number; commands: string[] }): Promise<boolean> {
  const { workerId, number, commands } = cleared
  const rows = await tx.execute(
    'UPDATE worker_sessions SET orphans = ARRAY(SELECT o FROM unnest(orphans) AS o WHERE o <> ALL($3)) WHERE worker_id = $1 AND number = $2', [workerId, number, commands])
  if (rows > 0) tx.wake('requests')
  return rows > 0
}
