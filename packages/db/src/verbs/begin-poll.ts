import type { Json } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

export type PollClaim = {
  sourceId: number
  /** As it was when the poll was found to be due. */
  claim: number
  replicaId: number
  /** Until the next poll; null: only when asked. */
  seconds: number | null
}

export type PollBegun = { claim: number; state: Json; /** Polls in a row that failed before, and why the last one did. */ failures: number; trouble: string | null; /** When a poll last went well. */ polled_at: Date | null }

/**
 * A replica takes a source to poll it: one that is due or asked for, that is held by nobody who lives, or left behind by a poll of this very replica.
 * Answers how far it has been read, with the number under which the poll writes. Null: somebody else was faster, or it is not due any more.
 */
export async function beginPoll(tx: Transaction, { sourceId, claim, replicaId, seconds }: PollClaim): Promise<PollBegun | null> {
  const [row] = await tx.query<PollBegun>(
    `UPDATE change_sources SET claim = claim + 1, holder_id = $3, asked = false, due_at = now() + make_interval(secs => $4)
     WHERE id = $1 AND claim = $2 AND active AND CASE WHEN holder_id IS NULL THEN asked OR due_at <= now()
       ELSE holder_id = $3 OR NOT EXISTS (SELECT 1 FROM replicas r WHERE r.id = holder_id AND r.state = 'alive') END
     RETURNING claim, state, failures, trouble, polled_at`,
    [sourceId, claim, replicaId, seconds])
  return row ?? null
}
