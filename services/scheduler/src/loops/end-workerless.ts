import { transaction } from '@yardmaster/db'
import { endWorkerless, noteWorkerless } from '@yardmaster/db/verbs/end-workerless'
import type { Deciding } from './dispatch-changes.js'

/** In one transaction. */
const AT_ONCE = 100

/** Requests of builders that say how long they may wait while no worker is there: their time is counted, in rows, and they end or are held when it is over. */
export function endWorkerlessRequests({ db, fence, logger, active, holdsDuty, set }: Deciding & { set: string }): () => Promise<{ again: boolean }> {
  return async () => {
    if (!active()?.configuration.builders.some(builder => builder.noWorkerTimeout !== null) || !await holdsDuty()) return { again: false }
    await transaction(db, fence, tx => noteWorkerless(tx, set))
    const ended = await transaction(db, fence, tx => endWorkerless(tx, set, AT_ONCE))
    if (ended > 0) logger.warn({ requests: ended }, 'requests have waited for a worker too long: they have ended, or are held')
    return { again: ended === AT_ONCE }
  }
}
