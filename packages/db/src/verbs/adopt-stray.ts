import type { Machine } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type Stray = {
  machine: Machine
  /** By whose account it was found, the first for what the ledger does not know; at least one. */
  pools: readonly { poolId: number; generationId: number }[]
  provider: string
}

/** `known`: an open instance had it, whose own account cannot remove it. */
export type Adopted = { id: number; known: boolean }

type Row = { id: number; attempt: number; external_id: string | null; pool_id: number; generation_id: number; open: boolean; awaits: boolean; unreached: boolean }

/** Failures in a row of an unwanted machine's account, after which another may have it. */
const UNREACHED = 2

/**
 * A machine that carries our label and that no open instance of this account has or awaits is written down, to be removed: in the row that its label names when that is over, else in a new one.
 * Null when an open instance has it by now, or awaits it. One that is not wanted, and that the credentials of its own configuration do not reach (any more), is this account's from now on.
 */
export async function adoptStray(tx: Transaction, { machine, pools, provider }: Stray): Promise<Adopted | null> {
  const [first] = pools
  const worker = await workerOf(tx, machine.label.worker, first!.poolId)
  const rows = await tx.query<Row>(
    `SELECT id, attempt, external_id, pool_id, generation_id, gone_at IS NULL AS open, gone_at IS NULL AND external_id IS NULL AND (operation = 'create' OR unsure_since IS NOT NULL) AS awaits,
       desired = 'gone' AND operation IS NULL AND CASE WHEN external_id IS NULL THEN unsure_since IS NOT NULL ELSE tries >= $4 END AS unreached
     FROM instances WHERE worker_id = $1 AND (attempt = $2 OR external_id = $3) ORDER BY id FOR NO KEY UPDATE`, [worker, machine.label.attempt, machine.id, UNREACHED])
  const held = rows.find(row => row.open && (row.external_id === machine.id || (row.awaits && row.attempt === machine.label.attempt)))
  const over = held ?? rows.find(row => !row.open && (row.external_id === machine.id || (row.attempt === machine.label.attempt && row.external_id === null)))
  const pool = pools.find(({ poolId }) => poolId === over?.pool_id)
  if (held && !(held.unreached && pool && pool.generationId !== held.generation_id)) return null
  const { poolId, generationId } = pool ?? first!
  const facts = [machine.id, machine.state, storableText(machine.detail), machine.address, machine.storages, machine.createdAt, poolId, generationId, provider]
  const [row] = over
    ? await tx.query<{ id: number; version: number }>(
      `UPDATE instances SET gone_at = NULL, desired = 'gone', holds_slot = holds_slot AND gone_at IS NULL, condemned_at = CASE WHEN gone_at IS NULL THEN condemned_at ELSE now() END, operation = NULL,
         operation_replica_id = NULL, unsure_since = NULL, tries = 0, retry_at = NULL, external_id = $2, observed = $3, observed_at = now(), detail = $4, address = $5, storages = $6,
         created_at = coalesce(created_at, least(now(), greatest(requested_at, to_timestamp($7::float8 / 1000)))), pool_id = $8, generation_id = $9, provider = $10,
         end_reason = CASE WHEN gone_at IS NULL THEN end_reason ELSE 'it turned up after it had been given up' END, version = version + 1 WHERE id = $1 RETURNING id, version`, [over.id, ...facts])
    : await tx.query<{ id: number; version: number }>(
      `INSERT INTO instances (worker_id, attempt, label_attempt, pool_id, generation_id, provider, external_id, observed, detail, address, storages, created_at, observed_at, zone, plan,
         price_per_hour, currency, billing_period, desired, holds_slot, condemned_at, reason, end_reason)
       SELECT $1, CASE WHEN t.id IS NULL THEN $13 ELSE (SELECT max(attempt) FROM instances WHERE worker_id = $1) + 1 END, CASE WHEN t.id IS NOT NULL THEN $13::int END, $8, $9, $10, $2, $3, $4, $5, $6,
         least(now(), coalesce(to_timestamp($7::float8 / 1000), now())), now(), $11, $12, t.price_per_hour, t.currency, coalesce(t.billing_period, 1), 'gone', false, now(),
         'found at its provider under our label', 'nobody wants it'
       FROM (SELECT 1) one LEFT JOIN instances t ON t.worker_id = $1 AND t.attempt = $13 RETURNING id, version`,
      [worker, ...facts, machine.zone, machine.plan, machine.label.attempt])
  tx.publish({ type: over ? 'instance.updated' : 'instance.new', ...row!, project: null })
  tx.wake('instances')
  return { id: row!.id, known: held !== undefined }
}

/** Held, so that no attempt is numbered at the same time. A worker that nobody knows any more is one that no configuration has. */
async function workerOf(tx: Transaction, name: string, poolId: number): Promise<number> {
  const held = () => tx.query<{ id: number }>('SELECT id FROM workers WHERE name = $1 FOR NO KEY UPDATE', [name])
  const [known] = await held()
  if (known) return known.id
  await tx.execute('INSERT INTO workers (name, set_name, active, pool_id) SELECT $1, set_name, false, id FROM worker_pools WHERE id = $2 ON CONFLICT (name) DO NOTHING', [name, poolId])
  return (await held())[0]!.id
}
