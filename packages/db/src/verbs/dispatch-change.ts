import type { Transaction } from '../transaction.js'
import { addBuildset, type NewBuildset } from './add-buildset.js'
import { holdGeneration } from './hold-generation.js'
import { upsertTimer, type TimerChange } from './upsert-timer.js'

/** What the schedulers of a generation made of a change. */
export type Dispatch = { changeId: number; generationId: number; timers: TimerChange[]; buildsets: NewBuildset[] }

/**
 * The change is dispatched and what came of it is written, together and once. 'lost': somebody dispatched it before.
 * 'superseded': another generation became active meanwhile; ask its schedulers. Both wrote nothing.
 */
export async function dispatchChange(tx: Transaction, dispatch: Dispatch): Promise<'dispatched' | 'lost' | 'superseded'> {
  if (!await holdGeneration(tx, dispatch.generationId)) return 'superseded'
  // Before the timers, against the fixed order of tables: nobody else locks a change's row, so no circle can close.
  const marked = await tx.execute('UPDATE changes SET dispatched_at = now(), version = version + 1 WHERE id = $1 AND dispatched_at IS NULL', [dispatch.changeId])
  if (marked === 0) return 'lost'
  const timers = [...dispatch.timers].sort((a, b) => a.schedulerId - b.schedulerId)
  for (const timer of timers) await upsertTimer(tx, timer)
  for (const buildset of dispatch.buildsets) await addBuildset(tx, buildset)
  return 'dispatched'
}
