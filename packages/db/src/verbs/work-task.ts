import type { Transaction } from '../transaction.js'
import { addBuildset, type NewBuildset } from './add-buildset.js'
import { holdGeneration } from './hold-generation.js'
import { tellScheduler } from './plan-clock.js'

export type TaskWork = {
  taskId: number
  schedulerId: number
  generationId: number
  /** Null: nothing is to be built. */
  buildset: NewBuildset | null
  /** Of the row of changes that the buildset takes along: one that joined since then makes the call lose. */
  timerVersion: number | null
  /** Likewise of what the scheduler was triggered with. */
  triggerVersion: number | null
  /** Of a tick: why it builds nothing. */
  silence: string | null
  isTick: boolean
}

/**
 * What a scheduler was to do is done: the task goes, and its buildset comes. 'lost': somebody did it before; 'changed': what it was planned from
 * is different by now, plan again; 'superseded': another generation is active. All of these wrote nothing.
 */
export async function workTask(tx: Transaction, work: TaskWork): Promise<'done' | 'lost' | 'changed' | 'superseded'> {
  if (await holdGeneration(tx, work.generationId) === null) return 'superseded'
  const { taskId, schedulerId, timerVersion, triggerVersion } = work
  if (await tx.execute('SELECT 1 FROM scheduler_tasks WHERE id = $1 FOR UPDATE', [taskId]) === 0) return 'lost'
  if (timerVersion !== null && await tx.execute(`DELETE FROM scheduler_timers WHERE scheduler_id = $1 AND key = '' AND version = $2`, [schedulerId, timerVersion]) === 0) return 'changed'
  if (triggerVersion !== null && await tx.execute('DELETE FROM scheduler_triggers WHERE scheduler_id = $1 AND version = $2', [schedulerId, triggerVersion]) === 0) return 'changed'
  await tx.execute('DELETE FROM scheduler_tasks WHERE id = $1', [taskId])
  if (work.isTick) {
    await tx.execute('UPDATE scheduler_clocks SET silence = $2 WHERE scheduler_id = $1', [schedulerId, work.silence])
    await tellScheduler(tx, schedulerId)
  }
  if (work.buildset) await addBuildset(tx, work.buildset)
  return 'done'
}
