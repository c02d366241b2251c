import { transaction, type Database, type Fence, type Transaction } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'

/** Removes at most `limit` rows (of each of its tables) that nobody needs any more; answers how many. */
export type Sweep = (tx: Transaction, options: { limit: number }) => Promise<number>

type Means = { db: Database; /** Null: of a replica that holds nothing. */ fence: Fence | null; clock: Clock }

/** A loop's work: removes what is old a little at a time, any number of replicas at once, and looks again after the pause. */
export function sweepOld({ db, fence, clock }: Means, sweep: Sweep, { batch, pauseMs }: { batch: number; pauseMs: number }): () => Promise<{ again: boolean }> {
  let notBefore = clock.monotonic()
  return async () => {
    if (clock.monotonic() < notBefore) return { again: false }
    const again = await transaction(db, fence, tx => sweep(tx, { limit: batch })) >= batch
    if (!again) notBefore = clock.monotonic() + pauseMs
    return { again }
  }
}
