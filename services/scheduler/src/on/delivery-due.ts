import type { QueuedJob } from '@yardmaster/bus'
import { transaction, type Database, type Fence } from '@yardmaster/db'
import { failDelivery, finishDelivery } from '@yardmaster/db/verbs/end-delivery'
import { PATIENT_ATTEMPTS } from '@yardmaster/db/verbs/find-deliveries'
import { takeDelivery, type TakenDelivery } from '@yardmaster/db/verbs/take-delivery'
import type { LoadedGeneration } from '@yardmaster/replica'
import { ReplicaBuried } from '@yardmaster/runtime'
import { readDelivery, type ReadingDeps } from '../deliveries/read-delivery.js'
import type { DeliveryJob } from '../loops/offer-deliveries.js'

/** Before the second attempt, the third, and so on; what is behind it in its repository waits for the first few. A host may be away for hours. */
const PAUSES_SECONDS = [1, 2, 5, 15, 60, 300, 900, 1_800, 3_600, 3_600, 3_600]
/** Of a function (60 s) and of what the host is asked besides. */
const ATTEMPT_MS = 120_000
/** Longer than an attempt: whoever has it may not be stopped twice. */
const TAKEN_SECONDS = 150

export type DeliveryDue = ReadingDeps & {
  db: Database
  fence: Fence
  active: () => Pick<LoadedGeneration, 'configuration' | 'threads'> | null
  stopping: AbortSignal
}

/** Works on the message of a job, if it is still to be worked on: its changes and that it is done are one transaction, so it makes them once, however often it is tried. */
export function deliveryDue(due: DeliveryDue): (job: Pick<QueuedJob<DeliveryJob>, 'data' | 'signal'>) => Promise<void> {
  const { db, fence, active, stopping } = due
  return async ({ data: { delivery: deliveryId }, signal }) => {
    const generation = active()
    if (generation === null || stopping.aborted) return
    const taken = await transaction(db, fence, tx => takeDelivery(tx, { deliveryId, replicaId: fence.replicaId, seconds: TAKEN_SECONDS }))
    if (taken) await work(due, taken, { generation, signal: AbortSignal.any([signal, stopping]) })
  }
}

async function work(due: DeliveryDue, taken: TakenDelivery, { generation, signal }: { generation: NonNullable<ReturnType<DeliveryDue['active']>>; signal: AbortSignal }): Promise<void> {
  const { db, fence, clock, logger, stopping } = due
  const about = { hook: taken.source, event: taken.event, delivery: taken.id, attempt: taken.attempt }
  const timeout = new AbortController()
  const cancel = clock.setTimeout(() => timeout.abort(new Error(`it took longer than ${ATTEMPT_MS / 1000} s`)), ATTEMPT_MS)
  const pause = PAUSES_SECONDS[taken.attempt - 1] ?? null
  try {
    const read = await readDelivery(due, taken, { generation, signal: AbortSignal.any([signal, timeout.signal]), last: taken.attempt >= PATIENT_ATTEMPTS })
    const done = await transaction(db, fence, tx => finishDelivery(tx, { deliveryId: taken.id, attempt: taken.attempt }, read))
    logger.info({ ...about, changes: read.changes.length, done }, 'a message of a hook was worked on')
  } catch (error) {
    // Who takes it up after us does so at once: our row says that we are gone.
    if (error instanceof ReplicaBuried || stopping.aborted) throw error
    const reason = timeout.signal.aborted ? String(timeout.signal.reason) : error instanceof Error ? error.message : String(error)
    await transaction(db, fence, tx => failDelivery(tx, { deliveryId: taken.id, attempt: taken.attempt }, { error: reason, retryInSeconds: pause }))
    logger.warn({ err: error, ...about, again: pause !== null }, 'a message of a hook could not be worked on')
  } finally {
    cancel()
  }
}
