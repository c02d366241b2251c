import type { Database } from '@yardmaster/db'
import { sweepAudit } from '@yardmaster/db/verbs/sweep-audit'
import { sweepOld } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'

/** Removes records of who did what, and tokens, when they are kept no longer. */
export const sweepOldAudit = (means: { db: Database; clock: Clock }) => sweepOld({ ...means, fence: null }, sweepAudit, { batch: 500, pauseMs: 600_000 })
