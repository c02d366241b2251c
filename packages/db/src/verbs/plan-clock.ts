import type { Transaction } from '../transaction.js'
import { holdGeneration } from './hold-generation.js'

export type ClockPlan = {
  schedulerId: number
  generationId: number
  /** What the time was made from. */
  spec: string
  dueAt: Date | null
  /** The next tick builds whether anything changed or not. */
  force: boolean
}

/** A scheduler's clock is set for the first time, or anew because the configuration says something else. False: it is set so already, or another generation is active. */
export async function planClock(tx: Transaction, { schedulerId, generationId, spec, dueAt, force }: ClockPlan): Promise<boolean> {
  if (await holdGeneration(tx, generationId) === null) return false
  const planned = await tx.execute(
    `INSERT INTO scheduler_clocks (scheduler_id, spec, due_at) VALUES ($1, $2, $3)
     ON CONFLICT (scheduler_id) DO UPDATE SET spec = excluded.spec, due_at = excluded.due_at, force_next = scheduler_clocks.force_next OR $4::boolean, version = scheduler_clocks.version + 1
     WHERE scheduler_clocks.spec <> excluded.spec`, [schedulerId, spec, dueAt, force])
  if (planned === 0) return false
  await tellScheduler(tx, schedulerId)
  return true
}

/** Something that is shown of a scheduler is different now. */
export async function tellScheduler(tx: Transaction, schedulerId: number): Promise<void> {
  const [row] = await tx.query<{ id: number; version: number }>('UPDATE schedulers SET version = version + 1 WHERE id = $1 RETURNING id, version', [schedulerId])
  if (row) tx.publish({ type: 'scheduler.updated', ...row, project: null })
}
