import type { Transaction } from '../transaction.js'
import { dropUnusedLocks } from './lock-rows.js'

/** Whole builds, and single steps of others. */
export type LockRelease = { builds: number[]; steps: { build: number; step: number }[] }

/**
 * What they hold is given back, and what they wait for is not asked for any more. The caller holds the sessions of the builds' workers.
 * Whoever ends a step or a build calls this in the same transaction, so that nobody's death leaves a lock held.
 */
export async function releaseLocks(tx: Transaction, { builds, steps }: LockRelease): Promise<void> {
  const parameters = [builds, steps.map(({ build }) => build), steps.map(({ step }) => step)]
  const theirs = '(c.build_id = ANY($1) OR (c.build_id, c.step_number) IN (SELECT * FROM unnest($2::bigint[], $3::int[])))'
  const locks = await tx.query<{ id: number }>(
    `SELECT l.id FROM locks l WHERE id IN (SELECT c.lock_id FROM lock_claims c WHERE ${theirs}) ORDER BY key COLLATE "C" FOR UPDATE`, parameters)
  if (locks.length === 0) return
  await tx.execute(`DELETE FROM lock_claims c WHERE ${theirs}`, parameters)
  await dropUnusedLocks(tx, locks.map(({ id }) => id))
  tx.wake('locks')
  tx.wake('requests')
}
