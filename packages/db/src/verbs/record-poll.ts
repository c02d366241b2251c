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
  const [moved] = await tx.query<{ version: number; told: boolean }>(
    `UPDATE change_sources s SET holder_id = NULL, state = coalesce($3::jsonb, s.state), asked = s.asked OR $4, version = s.version + 1,
       polled_at = CASE WHEN $5 THEN now() ELSE s.polled_at END, failures = 0, trouble = NULL, trouble_since = NULL
     FROM (SELECT id, trouble FROM change_sources WHERE id = $1) before
     WHERE s.id = before.id AND s.claim = $2 AND s.holder_id IS NOT NULL AND s.active RETURNING s.version, before.trouble IS NOT NULL OR $3::jsonb IS NOT NULL AS told`,
    [sourceId, claim, kept, more || !isCurrent, isCurrent])
  if (more || !isCurrent) tx.wake('polls')
  // Not of each poll that finds nothing: there are many, and each event is a row.
  if (moved?.told) tx.publish({ type: 'changesource.updated', id: sourceId, version: moved.version, project: null })
  if (!moved || !isCurrent) return false
  if (!reconciles) await addChanges(tx, null, changes)
  else if (changes.length > 0) {
    const isNew = await leaveOutTold(tx, changes, 'source')
    await addChanges(tx, null, changes.filter((_, n) => isNew[n]))
    await sweepTold(tx)
  }
  return true
}
