import type { Json } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { addChanges, type NewChange } from './add-change.js'

export type Poll = {
  sourceId: number
  /** Of the row whose state the poll began with. */
  version: number
  /** How far it has read now. */
  state: Json
  /** Oldest first. */
  changes: NewChange[]
}

/** What a poll found, and how far it has read, together: no commit is skipped or repeated. False: another poll was faster, nothing was written. */
export async function recordPoll(tx: Transaction, poll: Poll): Promise<boolean> {
  const moved = await tx.execute(
    'UPDATE change_sources SET state = $3::jsonb, version = version + 1 WHERE id = $1 AND version = $2', [poll.sourceId, poll.version, storableJson(poll.state)])
  if (moved === 0) return false
  await addChanges(tx, null, poll.changes)
  return true
}
