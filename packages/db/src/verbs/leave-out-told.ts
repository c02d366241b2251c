import { repositoryKey } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { NewChange } from './add-change.js'

/**
 * Which of these changes are to be made, in repositories that a source reconciles with its hook: of a commit of a branch that both tell of, the first one's.
 * What the source found takes up one message of the hook; when the hook tells of the same commit again, it was pushed again. Waits for transactions that tell of the same commits.
 */
export async function leaveOutTold(tx: Transaction, changes: NewChange[], by: 'hook' | 'source'): Promise<boolean[]> {
  const keys = changes.map(({ repository, branch, revision }) => (branch === null || revision === null ? null : { repository: storableText(repositoryKey(repository)), branch: storableText(branch.replace(/^refs\/heads\//, '')), revision: storableText(revision) }))
  const told = await tx.query<{ repository: string; branch: string; revision: string; fresh: boolean }>(
    `INSERT INTO told_revisions (repository, branch, revision, by_hook)
     SELECT DISTINCT repository, branch, revision, $2::boolean FROM jsonb_to_recordset($1::jsonb) AS n(repository text, branch text, revision text)
     WHERE EXISTS (SELECT 1 FROM change_sources s WHERE s.active AND s.reconciles = n.repository) ORDER BY 1, 2, 3
     ON CONFLICT (repository, branch, revision) DO UPDATE SET by_hook = true WHERE excluded.by_hook AND NOT told_revisions.by_hook
     RETURNING repository, branch, revision, xmax = 0 AS fresh`, [storableJson(keys.filter(key => key !== null)), by === 'hook'])
  const fresh = new Map(told.map(row => [keyOf(row), row.fresh]))
  return keys.map(key => (by === 'hook' ? key === null || fresh.get(keyOf(key)) !== false : key !== null && fresh.get(keyOf(key)) === true))
}

/** What nobody will tell of again. */
export async function sweepTold(tx: Transaction): Promise<void> {
  await tx.execute(`DELETE FROM told_revisions WHERE at < now() - interval '30 days'`)
}

const keyOf = ({ repository, branch, revision }: { repository: string; branch: string; revision: string }) => JSON.stringify([repository, branch, revision])
