import type { LockUse } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

export type LockRow = { id: number; maxCount: number }
export type SizedUse = LockUse & { generationId: number }

/**
 * Makes the rows of these locks where there are none, and holds them until the commit, in the order of their keys. How many a lock lets in is what the
 * newest generation says. Returns the rows by key.
 */
export async function lockRows(tx: Transaction, uses: readonly SizedUse[]): Promise<Map<string, LockRow>> {
  const newest = new Map<string, SizedUse>()
  for (const use of uses) if (use.generationId >= (newest.get(use.key)?.generationId ?? 0)) newest.set(use.key, use)
  const wanted = [...newest.values()]
  const rows = await tx.query<LockRow & { key: string }>(
    `INSERT INTO locks (key, name, max_count, generation_id)
     SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) AS l(key, name, max_count, generation_id) ORDER BY key COLLATE "C"
     ON CONFLICT (key) DO UPDATE SET generation_id = greatest(locks.generation_id, excluded.generation_id),
       max_count = CASE WHEN excluded.generation_id >= locks.generation_id THEN excluded.max_count ELSE locks.max_count END
     RETURNING id, key, max_count AS "maxCount"`,
    [wanted.map(use => use.key), wanted.map(use => use.name), wanted.map(use => use.maxCount), wanted.map(use => use.generationId)])
  return new Map(rows.map(({ id, key, maxCount }) => [key, { id, maxCount }]))
}

/** Rows of locks, held by the caller, that nobody uses any more. */
export async function dropUnusedLocks(tx: Transaction, ids: number[]): Promise<void> {
  await tx.execute('DELETE FROM locks l WHERE id = ANY($1) AND NOT EXISTS (SELECT 1 FROM lock_claims c WHERE c.lock_id = l.id)', [ids])
}
