import type { Machine } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type Stray = {
  machine: Machine
  /** By whose account it was found: for what the ledger does not know. */
  poolId: number
  generationId: number
  provider: string
}

/**
 * A machine that carries our label and that no open instance has or awaits is written down, to be removed: in the row that its label names when that is over, else in a new one.
 * Returns the row's id; null when an open instance has it by now, or awaits it.
 */
export async function adoptStray(tx: Transaction, { machine, poolId, generationId, provider }: Stray): Promise<number | null> {
  const worker = await workerOf(tx, machine.label.worker, poolId)
  const rows = await tx.query<{ id: number; attempt: number; external_id: string | null; open: boolean; awaits: boolean }>(
    `SELECT id, attempt, external_id, gone_at IS NULL AS open, gone_at IS NULL AND external_id IS NULL AND (operation = 'create' OR unsure_since IS NOT NULL) AS awaits
     FROM instances WHERE worker_id = $1 AND (attempt = $2 OR external_id = $3) ORDER BY id FOR NO KEY UPDATE`, [worker, machine.label.attempt, machine.id])
  if (rows.some(row => row.open && (row.external_id === machine.id || (row.awaits && row.attempt === machine.label.attempt)))) return null
  const over = rows.find(row => !row.open && (row.external_id === machine.id || (row.attempt === machine.label.attempt && row.external_id === null)))
  const facts = [machine.id, machine.state, storableText(machine.detail), machine.address, machine.storages, machine.createdAt]
  const [row] = over
    ? await tx.query<{ id: number; version: number }>(
      `UPDATE instances SET gone_at = NULL, desired = 'gone', holds_slot = false, condemned_at = now(), operation = NULL, operation_replica_id = NULL, unsure_since = NULL, tries = 0, retry_at = NULL,
         external_id = $2, observed = $3, observed_at = now(), detail = $4, address = $5, storages = $6, created_at = coalesce(created_at, least(now(), greatest(requested_at, to_timestamp($7::float8 / 1000)))),
         end_reason = 'it turned up after it had been given up', version = version + 1 WHERE id = $1 RETURNING id, version`, [over.id, ...facts])
    : await tx.query<{ id: number; version: number }>(
      `INSERT INTO instances (worker_id, attempt, label_attempt, pool_id, generation_id, provider, external_id, observed, detail, address, storages, created_at, observed_at, zone, plan,
         price_per_hour, currency, billing_period, desired, holds_slot, condemned_at, reason, end_reason)
       SELECT $1, CASE WHEN t.id IS NULL THEN $13 ELSE (SELECT max(attempt) FROM instances WHERE worker_id = $1) + 1 END, CASE WHEN t.id IS NOT NULL THEN $13::int END, $8, $9, $10, $2, $3, $4, $5, $6,
         least(now(), coalesce(to_timestamp($7::float8 / 1000), now())), now(), $11, $12, t.price_per_hour, t.currency, coalesce(t.billing_period, 1), 'gone', false, now(),
         'found at its provider under our label', 'nobody wants it'
       FROM (SELECT 1) one LEFT JOIN instances t ON t.worker_id = $1 AND t.attempt = $13 RETURNING id, version`,
      [worker, ...facts, poolId, generationId, provider, machine.zone, machine.plan, machine.label.attempt])
  tx.publish({ type: over ? 'instance.updated' : 'instance.new', ...row!, project: null })
  tx.wake('instances')
  return row!.id
}

/** Held, so that no attempt is numbered at the same time. A worker that nobody knows any more is one that no configuration has. */
async function workerOf(tx: Transaction, name: string, poolId: number): Promise<number> {
  const held = () => tx.query<{ id: number }>('SELECT id FROM workers WHERE name = $1 FOR NO KEY UPDATE', [name])
  const [known] = await held()
  if (known) return known.id
  await tx.execute('INSERT INTO workers (name, set_name, active, pool_id) SELECT $1, set_name, false, id FROM worker_pools WHERE id = $2 ON CONFLICT (name) DO NOTHING', [name, poolId])
  return (await held())[0]!.id
}
