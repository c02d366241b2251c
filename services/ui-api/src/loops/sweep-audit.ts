import { transaction, type Database } from '@yardmaster/db'
import { sweepAudit } from '@yardmaster/db/verbs/sweep-audit'
import type { Clock } from '@yardmaster/runtime'

const BATCH = 500
const PAUSE_MS = 600_000

/** Removes records of who did what, and tokens, when they are kept no longer: any replica, a little at a time. */
export function sweepOldAudit({ db, clock }: { db: Database; clock: Clock }): () => Promise<{ again: boolean }> {
  let notBefore = clock.monotonic()
  return async () => {
    if (clock.monotonic() < notBefore) return { again: false }
    const again = await transaction(db, null, tx => sweepAudit(tx, { limit: BATCH })) >= BATCH
    if (!again) notBefore = clock.monotonic() + PAUSE_MS
    return { again }
  }
}
