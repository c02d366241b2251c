import type { Transaction } from '../transaction.js'

/** Trees that have been quiet long enough: their timers go, and their schedulers are to make buildsets of their changes. Returns how many. */
export async function ripenTimers(tx: Transaction, schedulerIds: number[]): Promise<number> {
  const ripe = await tx.execute(
    `WITH due AS (
       SELECT scheduler_id, key FROM scheduler_timers WHERE scheduler_id = ANY($1) AND important AND due_at <= now() ORDER BY scheduler_id, key FOR UPDATE
     ), ripe AS (
       DELETE FROM scheduler_timers t USING due WHERE t.scheduler_id = due.scheduler_id AND t.key = due.key RETURNING t.scheduler_id, t.change_ids, t.due_at
     )
     INSERT INTO scheduler_tasks (scheduler_id, cause, change_ids) SELECT scheduler_id, 'changes', change_ids FROM ripe ORDER BY due_at`, [schedulerIds])
  if (ripe > 0) tx.wake('tasks')
  return ripe
}
