import type { JobQueue } from '@yardmaster/bus'
import { transaction, type Database, type Fence } from '@yardmaster/db'
import { expireNotifications, forgetFeed, forgetNotifications } from '@yardmaster/db/verbs/expire-notifications'
import { nextDueMs, readDueNotifications } from '@yardmaster/db/verbs/read-due-notifications'
import type { Clock, Logger } from '@yardmaster/runtime'

/** What a job of the queue `notifications` says: which one is likely due. The row decides. */
export type NotificationJob = { id: number }

export type Enqueuing = {
  db: Database; fence: Fence; clock: Clock; logger: Logger; set: string; queue: JobQueue<NotificationJob>
  holdsDuty: () => Promise<boolean>
  setAlarm(epochMs: number | null): void
}

const KEPT_DAYS = 30
/** Longer than anything that is told is of use. */
const FEED_DAYS = 7
const AT_ONCE = 500
/** A job whose process was killed stays in the queue for up to a minute, and keeps others of its id away: after so long there is another for the same row. */
const JOB_MS = 5_000
/** Less than a sweep, so that each of these does it. */
const TIDY_MS = 4_000

/** Jobs for what is due, made again from the rows as often as need be; what is past its deadline is given up, and what is old is forgotten. */
export function enqueueNotifications({ db, fence, clock, logger, set, queue, holdsDuty, setAlarm }: Enqueuing): () => Promise<{ again: boolean }> {
  let tidyAt = 0
  return async () => {
    if (!await holdsDuty()) return { again: false }
    const period = Math.floor(clock.monotonic() / JOB_MS)
    for (const { id, attempts } of await readDueNotifications(db, set)) await queue.add('send', { id }, { attempts: 1, deduplicationId: `n-${id}-${attempts}-${period}` })
    // Each end of an attempt runs this, and what waits may be much.
    const tidies = clock.monotonic() >= tidyAt
    const again = tidies && await tidyUp({ db, fence, logger })
    if (tidies && !again) tidyAt = clock.monotonic() + TIDY_MS
    const ms = await nextDueMs(db, set)
    setAlarm(ms === null ? null : clock.now() + Math.ceil(ms))
    return { again }
  }
}

/** True when there may be more of it. */
async function tidyUp({ db, fence, logger }: Pick<Enqueuing, 'db' | 'fence' | 'logger'>): Promise<boolean> {
  const { rows: [overdue] } = await db.pool.query<{ expired: boolean; old: boolean; unplanned: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM notifications WHERE state = 'waiting' AND deadline_at <= now()) AS expired,
       EXISTS (SELECT 1 FROM notifications WHERE ended_at < now() - make_interval(days => $1)) AS old,
       coalesce((SELECT created_at FROM report_feed ORDER BY id LIMIT 1) < now() - make_interval(days => $2), false) AS unplanned`, [KEPT_DAYS, FEED_DAYS])
  const expired = overdue?.expired ? await transaction(db, fence, tx => expireNotifications(tx, { limit: AT_ONCE })) : 0
  const forgotten = overdue?.old ? await transaction(db, fence, tx => forgetNotifications(tx, { days: KEPT_DAYS, limit: AT_ONCE })) : 0
  const unplanned = overdue?.unplanned ? await transaction(db, fence, tx => forgetFeed(tx, { days: FEED_DAYS, limit: AT_ONCE })) : 0
  if (unplanned > 0) logger.warn({ commits: unplanned, days: FEED_DAYS }, 'what happened so long ago, and nobody has told of, is told of no more')
  return [expired, forgotten, unplanned].includes(AT_ONCE)
}
