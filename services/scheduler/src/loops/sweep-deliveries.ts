import { transaction, type Database, type Fence } from '@yardmaster/db'
import { sweepDeliveries } from '@yardmaster/db/verbs/sweep-deliveries'
import type { Clock } from '@yardmaster/runtime'

const BATCH = 500
const PAUSE_MS = 60_000

/** Removes what hooks were told long ago, a little at a time. */
export function sweepOldDeliveries({ db, fence, clock }: { db: Database; fence: Fence; clock: Clock }): () => Promise<{ again: boolean }> {
  let notBefore = clock.monotonic()
  return async () => {
    if (clock.monotonic() < notBefore) return { again: false }
    const again = await transaction(db, fence, tx => sweepDeliveries(tx, { limit: BATCH })) === BATCH
    if (!again) notBefore = clock.monotonic() + PAUSE_MS
    return { again }
  }
}
