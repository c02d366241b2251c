import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type FailedPoll = { sourceId: number; claim: number; /** Told to people; without secrets. */ trouble: string; pauseSeconds: number }

/** A poll came to nothing: it is tried again after the pause, and says why until one goes well. False: it was taken over. */
export async function failPoll(tx: Transaction, { sourceId, claim, trouble, pauseSeconds }: FailedPoll): Promise<boolean> {
  const [failed] = await tx.query<{ version: number }>(
    `UPDATE change_sources SET holder_id = NULL, failures = failures + 1, trouble = $3, trouble_since = coalesce(trouble_since, now()), version = version + 1,
       due_at = now() + make_interval(secs => $4)
     WHERE id = $1 AND claim = $2 AND holder_id IS NOT NULL RETURNING version`, [sourceId, claim, storableText(trouble), pauseSeconds])
  if (failed) tx.publish({ type: 'changesource.updated', id: sourceId, version: failed.version, project: null })
  return failed !== undefined
}
