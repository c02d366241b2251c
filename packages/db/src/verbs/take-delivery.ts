import type { Transaction } from '../transaction.js'
import { FIRST, FREE } from './find-deliveries.js'

export type TakenDelivery = { id: number; /** From 1; the result is taken from this attempt alone. */ attempt: number; source: string; key: string; event: string; payload: string }

/** Takes up a pending message for `seconds`. Null: it is not there to be taken; another has it, or an older one of its repository comes first. */
export async function takeDelivery(tx: Transaction, { deliveryId, replicaId, seconds }: { deliveryId: number; replicaId: number; seconds: number }): Promise<TakenDelivery | null> {
  const [taken] = await tx.query<TakenDelivery>(
    `UPDATE deliveries d SET attempts = d.attempts + 1, taken_by = $2, next_at = now() + make_interval(secs => $3), version = d.version + 1
     WHERE d.id = $1 AND d.state = 'pending' AND ${FREE} AND ${FIRST} RETURNING d.id, d.attempts AS attempt, d.source, d.key, d.event, coalesce(d.payload, 'null') AS payload`, [deliveryId, replicaId, seconds])
  return taken ?? null
}
