import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { tellScheduler } from './plan-clock.js'

export type TaskFailure = { taskId: number; schedulerId: number; /** So far. */ attempts: number; failure: string; /** Until the next attempt. */ seconds: number }

/** A task could not be worked: it is tried again later. False: somebody else has it in hand. */
export async function postponeTask(tx: Transaction, { taskId, schedulerId, attempts, failure, seconds }: TaskFailure): Promise<boolean> {
  const postponed = await tx.execute('UPDATE scheduler_tasks SET attempts = attempts + 1, failure = $3, due_at = now() + make_interval(secs => $4) WHERE id = $1 AND attempts = $2',
    [taskId, attempts, storableText(failure).slice(0, 4_000), seconds])
  if (postponed === 0) return false
  await tellScheduler(tx, schedulerId)
  return true
}
