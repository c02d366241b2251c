import type { Envelope, Told } from '@yardmaster/domain'
import type { Database } from '../database.js'

export type OutboxBatch = { id: number; envelopes: Envelope[] }

/**
 * The oldest events that are not relayed yet. There is no cursor: "id > last seen" would lose a transaction
 * that took its id early and committed late.
 */
export async function readOutbox(db: Database, limit: number): Promise<OutboxBatch[]> {
  const { rows } = await db.pool.query<{ id: number; envelopes: Told[]; created_at: Date }>(
    'SELECT id, envelopes, created_at FROM outbox ORDER BY id LIMIT $1', [limit])
  return rows.map(row => ({ id: row.id, envelopes: row.envelopes.map(told => ({ v: 1, at: row.created_at.getTime(), ...told })) }))
}

/** Only after the stream has acknowledged them. */
export async function removeFromOutbox(db: Database, ids: number[]): Promise<void> {
  await db.pool.query('DELETE FROM outbox WHERE id = ANY($1)', [ids])
}
