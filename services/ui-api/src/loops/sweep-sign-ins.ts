import type { Database } from '@yardmaster/db'
import { sweepSignIns } from '@yardmaster/db/verbs/sweep-sign-ins'
import { sweepOld } from '@yardmaster/replica'
import type { Clock } from '@yardmaster/runtime'

/** Removes sessions that have expired and failures that are forgotten; what another replica just removes is left to it. */
export const sweepOldSignIns = (means: { db: Database; clock: Clock }) => sweepOld({ ...means, fence: null }, sweepSignIns, { batch: 500, pauseMs: 60_000 })
