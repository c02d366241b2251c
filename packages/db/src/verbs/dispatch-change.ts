import type { Transaction } from '../transaction.js'
import { addBuildsets, type NewBuildset } from './add-buildset.js'
import { holdGeneration } from './hold-generation.js'
import { upsertTimer, type TimerChange } from './upsert-timer.js'

/** What the schedulers of a generation made of a change. */
export type Dispatch = { changeId: number; generationId: number; timers: TimerChange[]; buildsets: NewBuildset[] }

/**
 * The change is dispatched to the schedulers of the generation's set and what came of it is written, together and once. 'lost': somebody dispatched it before.
 * 'superseded': another generation became active meanwhile; ask its schedulers. Both wrote nothing.
 */
export async function dispatchChange(tx: Transaction, dispatch: Dispatch): Promise<'dispatched' | 'lost' | 'superseded'> {
  const set = await holdGeneration(tx, dispatch.generationId)
  if (set === null) return 'superseded'
  // Before the timers, against the fixed order of tables: nobody else locks a change's row, so no circle can close.
  // The row first: of two sets that dispatch it at once, the later one sees that it is the last.
  await tx.execute('SELECT 1 FROM changes WHERE id = $1 FOR NO KEY UPDATE', [dispatch.changeId])
  const marked = await tx.execute('DELETE FROM pending_dispatches WHERE set_name = $1 AND change_id = $2', [set, dispatch.changeId])
  if (marked === 0) return 'lost'
  await tx.execute(
    `UPDATE changes SET dispatched_at = now(), version = version + 1
     WHERE id = $1 AND dispatched_at IS NULL AND NOT EXISTS (SELECT 1 FROM pending_dispatches p WHERE p.change_id = $1)`, [dispatch.changeId])
  const timers = [...dispatch.timers].sort((a, b) => a.schedulerId - b.schedulerId)
  for (const timer of timers) await upsertTimer(tx, timer)
  await addBuildsets(tx, dispatch.buildsets)
  return 'dispatched'
}
