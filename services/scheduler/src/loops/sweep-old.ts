import { transaction, type Database, type Fence, type Transaction } from '@yardmaster/db'
import type { Clock } from '@yardmaster/runtime'

const PAUSE_MS = 60_000

/** Removes at most `limit` rows that nobody needs any more; answers how many. */
export type Sweep = (tx: Transaction, options: { limit: number }) => Promise<number>

/** Removes what is old a little at a time, and looks again after a minute. */
export function sweepOld({ db, fence, clock }: { db: Database; fence: Fence; clock: Clock }, sweep: Sweep, batch: number): () => Promise<{ again: boolean }> {
  let notBefore = clock.monotonic()
  return async () => {
    if (clock.monotonic() < notBefore) return { again: false }
    const again = await transaction(db, fence, tx => sweep(tx, { limit: batch })) === batch
    if (!again) notBefore = clock.monotonic() + PAUSE_MS
    return { again }
  }
}
