import { transaction, type Database, type Fence } from '@yardmaster/db'
import { forgiveProvenWorkers } from '@yardmaster/db/verbs/blame-workers'
import { tellMissingWorkers } from '@yardmaster/db/verbs/tell-missing-workers'
import type { Logger } from '@yardmaster/runtime'

/** Told in one transaction. */
const AT_ONCE = 200

/** Looks after the workers of the whole installation: tells those that are missing, and forgives those that work again. */
export async function watchWorkers({ db, fence, logger }: { db: Database; fence: Fence; logger: Logger }): Promise<{ again: boolean }> {
  const missing = await transaction(db, fence, async tx => {
    await forgiveProvenWorkers(tx)
    return tellMissingWorkers(tx, AT_ONCE)
  })
  for (const { name, since } of missing) logger.warn({ worker: name, since }, 'worker is missing')
  return { again: missing.length === AT_ONCE }
}
