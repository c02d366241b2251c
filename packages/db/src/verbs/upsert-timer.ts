import type { Transaction } from '../transaction.js'

export type TimerChange = {
  schedulerId: number
  /** What waits together: project, repository, codebase and branch, or all that the scheduler takes. */
  key: string
  changeId: number
  important: boolean
  /** How long the tree must be quiet. */
  seconds: number
}

/**
 * A change joins those that wait for a stable tree, and the wait begins anew. As in Buildbot, unimportant changes alone wait for ever:
 * the timer runs from the first important one.
 */
export async function upsertTimer(tx: Transaction, timer: TimerChange): Promise<void> {
  await tx.execute(
    `INSERT INTO scheduler_timers (scheduler_id, key, change_ids, important, due_at) VALUES ($1, $2, ARRAY[$3::bigint], $4, now() + make_interval(secs => $5))
     ON CONFLICT (scheduler_id, key) DO UPDATE SET change_ids = scheduler_timers.change_ids || excluded.change_ids,
       important = scheduler_timers.important OR excluded.important, due_at = excluded.due_at, version = scheduler_timers.version + 1`,
    [timer.schedulerId, timer.key, timer.changeId, timer.important, timer.seconds])
  tx.wake('timers')
}
