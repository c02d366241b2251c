import type { Transaction } from '../transaction.js'

/** Longer than any host offers to send one again. */
const KEPT = "interval '7 days'"

/** Removes messages that nobody will look at any more, the oldest first, at most `limit`. Returns how many; their changes stay. */
export async function sweepDeliveries(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  return tx.execute(
    `DELETE FROM deliveries WHERE id IN (SELECT o.id FROM (SELECT id, received_at FROM deliveries WHERE state <> 'pending' ORDER BY id LIMIT $1) o WHERE o.received_at < now() - ${KEPT})`, [limit])
}
