import type { Transaction } from '../transaction.js'

export type TimerChange = {
  schedulerId: number
  /** What waits together: project, repository, codebase and branch, or all that the scheduler takes. */
  key: string
  changeId: number
  important: boolean
  /** How long the tree must be quiet; null: until the scheduler's clock ticks. */
  seconds: number | null
}

/**
 * Changes join those that wait for a stable tree, and the wait begins anew. As in Buildbot, unimportant changes alone wait for ever:
 * the timer runs from the first important one.
 */
export async function upsertTimers(tx: Transaction, timers: TimerChange[]): Promise<void> {
  if (timers.length === 0) return
  const rows = timers.map(({ schedulerId, key, changeId, important, seconds }) => ({ scheduler_id: schedulerId, key, change_id: changeId, important, seconds }))
  await tx.execute(
    `INSERT INTO scheduler_timers (scheduler_id, key, change_ids, important, due_at)
     SELECT scheduler_id, key, array_agg(change_id ORDER BY change_id), bool_or(important), CASE WHEN max(seconds) IS NULL THEN 'infinity' ELSE now() + make_interval(secs => max(seconds)) END
     FROM jsonb_to_recordset($1::jsonb) AS t(scheduler_id bigint, key text, change_id bigint, important boolean, seconds float8)
     GROUP BY scheduler_id, key ORDER BY scheduler_id, key
     ON CONFLICT (scheduler_id, key) DO UPDATE SET change_ids = scheduler_timers.change_ids || excluded.change_ids,
       important = scheduler_timers.important OR excluded.important, due_at = excluded.due_at, version = scheduler_timers.version + 1`,
    [JSON.stringify(rows)])
  tx.wake('timers')
}
