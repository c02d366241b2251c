import type { Transaction } from '../transaction.js'

/**
 * Work that one replica at a time does. Takes or keeps the lease on `name` for `seconds` of the database's clock.
 * Returns whether this replica holds it now. The holder's writes are guarded all the same: a lease only saves work.
 */
export async function takeDuty(tx: Transaction, duty: { name: string; replicaId: number; seconds: number }): Promise<boolean> {
  const taken = await tx.execute(
    `INSERT INTO duties (name, replica_id, until) VALUES ($1, $2, now() + make_interval(secs => $3))
     ON CONFLICT (name) DO UPDATE SET replica_id = excluded.replica_id, until = excluded.until
     WHERE duties.replica_id = excluded.replica_id OR duties.until < now()`,
    [duty.name, duty.replicaId, duty.seconds])
  return taken === 1
}
