import type { JobQueue } from '@yardmaster/bus'
import { transaction, type Database, type Fence } from '@yardmaster/db'
import { expireNotifications, forgetNotifications } from '@yardmaster/db/verbs/expire-notifications'
import { nextDueMs, readDueNotifications } from '@yardmaster/db/verbs/read-due-notifications'
import type { Clock } from '@yardmaster/runtime'

/** What a job of the queue `notifications` says: which one is likely due. The row decides. */
export type NotificationJob = { id: number }

export type Enqueuing = {
  db: Database; fence: Fence; clock: Clock; set: string; queue: JobQueue<NotificationJob>
  holdsDuty: () => Promise<boolean>
  setAlarm(epochMs: number | null): void
}

const KEPT_DAYS = 30
const AT_ONCE = 500

/** Jobs for what is due, made again from the rows as often as need be; what is past its deadline is given up, and what is old is forgotten. */
export function enqueueNotifications({ db, fence, clock, set, queue, holdsDuty, setAlarm }: Enqueuing): () => Promise<void> {
  return async () => {
    if (!await holdsDuty()) return
    for (const { id, attempts } of await readDueNotifications(db, set)) await queue.add('send', { id }, { attempts: 1, deduplicationId: `n-${id}-${attempts}` })
    const { rows: [overdue] } = await db.pool.query<{ expired: boolean; old: boolean }>(
      `SELECT EXISTS (SELECT 1 FROM notifications WHERE state = 'waiting' AND deadline_at <= now() AND set_name = $1) AS expired,
         EXISTS (SELECT 1 FROM notifications WHERE ended_at < now() - make_interval(days => $2)) AS old`, [set, KEPT_DAYS])
    if (overdue?.expired) await transaction(db, fence, tx => expireNotifications(tx, { set, limit: AT_ONCE }))
    if (overdue?.old) await transaction(db, fence, tx => forgetNotifications(tx, { days: KEPT_DAYS, limit: AT_ONCE }))
    const ms = await nextDueMs(db, set)
    setAlarm(ms === null ? null : clock.now() + Math.ceil(ms))
  }
}
