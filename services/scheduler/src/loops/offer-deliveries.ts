import type { JobQueue } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import { findDeliveries } from '@yardmaster/db/verbs/find-deliveries'
import type { Clock } from '@yardmaster/runtime'

/** What a job of the queue `deliveries` says: this message of a hook may be due. Whether it is, its row decides. */
export type DeliveryJob = { delivery: number }

export type OfferingDeliveries = { db: Database; queue: JobQueue<DeliveryJob>; clock: Clock; set: string; setAlarm(epochMs: number | null): void }

const BATCH = 200
/** A job that was offered and not taken is offered again: queues are wiped, and their workers killed. */
const AGAIN_MS = 4_500

/** Each message that is due is offered to the queue by each replica: whoever takes it first works on it, the others' jobs do nothing. */
export function offerDeliveries({ db, queue, clock, set, setAlarm }: OfferingDeliveries): () => Promise<void> {
  let offered = new Map<number, { attempts: number; at: number }>()
  return async () => {
    const { due, nextInMs } = await findDeliveries(db, { set, limit: BATCH })
    const still = new Map<number, { attempts: number; at: number }>()
    for (const { id, attempts } of due) {
      const before = offered.get(id)
      const fresh = before?.attempts === attempts && clock.monotonic() - before.at < AGAIN_MS
      if (!fresh) await queue.add('delivery', { delivery: id }, { attempts: 1 })
      still.set(id, fresh ? before : { attempts, at: clock.monotonic() })
    }
    offered = still
    setAlarm(nextInMs === null ? null : clock.now() + nextInMs)
  }
}
