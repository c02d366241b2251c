import type { Machine, Observed } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type Observation = { id: number; /** null: it is not there, for certain. */ machine: Omit<Machine, 'label'> | null }

/**
 * What the provider says of an instance now. A machine that turns up under the label of an instance whose creation was not answered becomes its own. Only a
 * change is written, so `observed_at` says since when it is so. Returns whether there was one.
 */
export async function observeInstance(tx: Transaction, { id, machine }: Observation): Promise<boolean> {
  const observed: Observed = machine?.state ?? 'absent'
  const [row] = await tx.query<{ version: number }>(
    `UPDATE instances SET version = version + 1, observed_at = CASE WHEN observed = $2 AND external_id IS NOT NULL THEN observed_at ELSE now() END, observed = $2,
       external_id = coalesce(external_id, $3), detail = coalesce($4, detail), address = coalesce($5, address), zone = coalesce($6, zone), plan = coalesce($7, plan),
       storages = CASE WHEN cardinality($8::text[]) > 0 THEN ARRAY(SELECT DISTINCT unnest(storages || $8::text[]) ORDER BY 1) ELSE storages END,
       created_at = coalesce(created_at, CASE WHEN $3 IS NULL THEN NULL ELSE least(now(), greatest(requested_at, to_timestamp($9::float8 / 1000))) END),
       started_at = CASE WHEN $2 = 'running' THEN coalesce(started_at, now()) ELSE started_at END,
       unsure_since = CASE WHEN external_id IS NULL THEN NULL ELSE unsure_since END, tries = CASE WHEN external_id IS NULL THEN 0 ELSE tries END,
       retry_at = CASE WHEN external_id IS NULL THEN NULL ELSE retry_at END,
       failure = CASE WHEN external_id IS NULL AND desired = 'running' THEN NULL ELSE failure END, failure_class = CASE WHEN external_id IS NULL AND desired = 'running' THEN NULL ELSE failure_class END
     WHERE id = $1 AND gone_at IS NULL AND (external_id = $3 OR (external_id IS NOT NULL AND $3 IS NULL) OR (external_id IS NULL AND $3 IS NOT NULL AND operation IS NULL AND unsure_since IS NOT NULL))
       AND (external_id IS NULL OR observed <> $2 OR detail IS DISTINCT FROM coalesce($4, detail) OR address IS DISTINCT FROM coalesce($5, address) OR NOT storages @> $8::text[])
     RETURNING version`,
    [id, observed, machine?.id ?? null, machine && storableText(machine.detail), machine?.address ?? null, machine?.zone ?? null, machine?.plan ?? null, machine?.storages ?? [], machine?.createdAt ?? null])
  if (!row) return false
  tx.publish({ type: 'instance.updated', id, version: row.version, project: null })
  tx.wake('instances')
  return true
}
