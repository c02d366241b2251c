import type { Transaction } from '../transaction.js'

/** Removes artifacts whose time is over (but what is still uploaded, since a piece that comes then would have no place), and what builds that have ended did not finish uploading; at most `limit`. Returns how many. */
export async function sweepArtifacts(tx: Transaction, { limit }: { limit: number }): Promise<number> {
  return tx.execute(
    `DELETE FROM artifacts WHERE id IN (
       SELECT id FROM artifacts WHERE expires_at < now() AND sha256 IS NOT NULL
       UNION SELECT a.id FROM artifacts a JOIN builds b ON b.id = a.build_id WHERE a.sha256 IS NULL AND b.complete_at IS NOT NULL
       LIMIT $1)`, [limit])
}
