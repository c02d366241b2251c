import type { Transaction } from '../transaction.js'

/** Buildsets were added: what they make old is cancelled by these sets' cancellers, who are asked outside. */
export async function askOldCancellers(tx: Transaction, added: readonly { set: string; buildsetId: number }[]): Promise<void> {
  if (added.length === 0) return
  await tx.execute(`INSERT INTO pending_cancellations (set_name, kind, buildset_id) SELECT n.set_name, 'old', n.buildset_id FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS n(set_name, buildset_id, place) ORDER BY place`,
    [added.map(({ set }) => set), added.map(({ buildsetId }) => buildsetId)])
  tx.wake('cancellations')
}

/** These requests have failed: what is left of their buildsets may be cancelled. */
export async function askFailingCancellers(tx: Transaction, failed: readonly { id: number; buildset_id: number }[]): Promise<void> {
  if (failed.length === 0) return
  const rows = await tx.execute(
    `INSERT INTO pending_cancellations (set_name, kind, buildset_id, request_id) SELECT b.set_name, 'failing', r.buildset_id, r.id
     FROM build_requests r JOIN builders b ON b.id = r.builder_id JOIN configuration_sets s ON s.name = b.set_name AND s.cancels_failing WHERE r.id = ANY($1)`, [failed.map(row => row.id)])
  if (rows > 0) tx.wake('cancellations')
}
