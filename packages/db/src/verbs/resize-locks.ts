import type { Configuration, LockAccess, Locks } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

/** A generation that becomes active may have made locks larger or smaller: those in use get the new size. What functions answer is not known yet. */
export async function resizeLocks(tx: Transaction, generationId: number, { builders }: Configuration): Promise<void> {
  const accesses = new Map(builders.flatMap(builder => [builder, ...builder.steps]).flatMap(({ locks }) => said(locks)).map(access => [`${access.scope}:${access.name}`, access]))
  if (accesses.size === 0) return
  const sizes = [...accesses.values()].map(({ name, scope, maxCount, maxCountForWorker }) => ({ name, scope, max_count: maxCount, for_worker: maxCountForWorker }))
  await tx.execute('SELECT 1 FROM locks WHERE name = ANY($1) ORDER BY key COLLATE "C" FOR UPDATE', [sizes.map(({ name }) => name)])
  const resized = await tx.execute(
    `UPDATE locks l SET max_count = s.size, generation_id = $2
     FROM (SELECT r.id, coalesce((a.for_worker ->> w.name)::int, a.max_count) AS size
       FROM jsonb_to_recordset($1::jsonb) AS a(name text, scope text, max_count int, for_worker jsonb)
       JOIN locks r ON r.name = a.name AND split_part(r.key, ':', 1) = a.scope
       LEFT JOIN workers w ON a.scope = 'worker' AND r.key = 'worker:' || w.id || ':' || r.name) s
     WHERE l.id = s.id`, [JSON.stringify(sizes), generationId])
  if (resized > 0) tx.wake('locks')
}

function said(locks: Locks): LockAccess[] {
  return Array.isArray(locks) ? locks : []
}
