import type { Json } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { addChanges, type NewChange } from './add-change.js'
import { holdGeneration } from './hold-generation.js'
import { leaveOutTold, sweepTold } from './leave-out-told.js'

export type Poll = {
  sourceId: number
  /** What `beginPoll` answered. */
  claim: number
  /** Under which it was decided what becomes a change. */
  generationId: number
  /** How far it has read now; null: as far as before. */
  state: Json
  /** Oldest first. */
  changes: NewChange[]
  /** The source reconciles: of what its hook has told it makes no second change. */
  reconciles: boolean
  /** It has not come to the end of what is new: the next poll is due at once. */
  more: boolean
}

/**
 * What a poll found, and how far it has read, together: no commit is skipped or repeated. The source is free again. False: it was taken
 * over, or another generation is active now; nothing was written.
 */
export async function recordPoll(tx: Transaction, { sourceId, claim, generationId, state, changes, reconciles, more }: Poll): Promise<boolean> {
  const isCurrent = await holdGeneration(tx, generationId) !== null
  const kept = isCurrent && state !== null ? storableJson(state) : null
  const moved = await tx.execute(
    `UPDATE change_sources SET holder_id = NULL, state = coalesce($3::jsonb, state), asked = asked OR $4, version = version + 1,
       polled_at = CASE WHEN $5 THEN now() ELSE polled_at END, failures = 0, trouble = NULL, trouble_since = NULL
     WHERE id = $1 AND claim = $2 AND holder_id IS NOT NULL AND active`, [sourceId, claim, kept, more || !isCurrent, isCurrent])
  if (more || !isCurrent) tx.wake('polls')
  if (moved === 0 || !isCurrent) return false
  if (!reconciles) await addChanges(tx, null, changes)
  else if (changes.length > 0) {
    const isNew = await leaveOutTold(tx, changes, 'source')
    await addChanges(tx, null, changes.filter((_, n) => isNew[n]))
    await sweepTold(tx)
  }
  return true
}
