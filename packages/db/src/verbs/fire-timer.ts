import type { Transaction } from '../transaction.js'
import { addBuildset, type NewBuildset } from './add-buildset.js'
import { holdGeneration } from './hold-generation.js'

export type TimerFire = {
  schedulerId: number
  key: string
  /** Of the row that the buildset was made from: a change that joined since then makes the call lose. */
  version: number
  generationId: number
  /** Null: nothing is left to build. */
  buildset: NewBuildset | null
}

/** The tree is stable: the timer goes and its buildset comes. 'lost': it fired before, or waits on; 'superseded': another generation is active. Both wrote nothing. */
export async function fireTimer(tx: Transaction, fire: TimerFire): Promise<'fired' | 'lost' | 'superseded'> {
  if (!await holdGeneration(tx, fire.generationId)) return 'superseded'
  const gone = await tx.execute(
    'DELETE FROM scheduler_timers WHERE scheduler_id = $1 AND key = $2 AND version = $3 AND important AND due_at <= now()', [fire.schedulerId, fire.key, fire.version])
  if (gone === 0) return 'lost'
  if (fire.buildset) await addBuildset(tx, fire.buildset)
  return 'fired'
}
