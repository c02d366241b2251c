import { transaction, type Database } from '@yardmaster/db'
import { sweepSignIns } from '@yardmaster/db/verbs/sweep-sign-ins'
import type { Clock } from '@yardmaster/runtime'

const BATCH = 500
const PAUSE_MS = 60_000

/** Removes sessions that have expired and failures that are forgotten; a little at a time, and what another replica just removes is left to it. */
export function sweepOldSignIns({ db, clock }: { db: Database; clock: Clock }): () => Promise<{ again: boolean }> {
  let notBefore = clock.monotonic()
  return async () => {
    if (clock.monotonic() < notBefore) return { again: false }
    const again = await transaction(db, null, tx => sweepSignIns(tx, { limit: BATCH })) >= BATCH
    if (!again) notBefore = clock.monotonic() + PAUSE_MS
    return { again }
  }
}
