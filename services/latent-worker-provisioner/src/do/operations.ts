import { isUnavailable } from '@yardmaster/db'
import { endOperation, type OperationEnd } from '@yardmaster/db/verbs/end-operation'
import type { Provisioning } from '../deps.js'

const PAUSE_MS = 500

/** Writes down what came of an operation, as often as it takes: the database may be away, and nobody else knows. Returns whether it was still ours. */
export async function recordEnd({ write, clock, replicaId, logger }: Provisioning, end: Omit<OperationEnd, 'replicaId'>, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    try {
      return await write(tx => endOperation(tx, { ...end, replicaId }))
    } catch (error) {
      if (!isUnavailable(error) || signal.aborted) throw error
      logger.warn({ err: error, instance: end.id }, 'what a provider answered cannot be written down yet: the database is away')
      await clock.sleep(PAUSE_MS, signal)
    }
  }
}
