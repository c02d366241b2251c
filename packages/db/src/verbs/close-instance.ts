import type { Transaction } from '../transaction.js'

/**
 * An instance that has no machine, for certain, is over: nobody ever asked for one, or it has not turned up under its label for so long that it cannot any more
 * (`untracedSeconds`; a list that began after that did not have it) though nothing came from it either: a worker that did is there. False: that is not so any more.
 */
export async function closeInstance(tx: Transaction, { id, untracedSeconds }: { id: number; untracedSeconds: number | null }): Promise<boolean> {
  const [row] = await tx.query<{ version: number }>(
    `UPDATE instances SET gone_at = now(), desired = 'gone', condemned_at = coalesce(condemned_at, now()), holds_slot = false, unsure_since = NULL, retry_at = NULL, observed = 'absent', observed_at = now(),
       end_reason = coalesce(end_reason, 'no trace of it'), version = version + 1
     WHERE id = $1 AND gone_at IS NULL AND operation IS NULL AND external_id IS NULL
       AND CASE WHEN $2::float8 IS NULL THEN desired = 'gone' AND unsure_since IS NULL ELSE unsure_since <= now() - make_interval(secs => $2) AND (desired = 'gone' OR connected_at IS NULL) END
     RETURNING version`, [id, untracedSeconds])
  if (!row) return false
  tx.publish({ type: 'instance.gone', id, version: row.version, project: null })
  tx.wake('instances')
  tx.wake('requests')
  return true
}
