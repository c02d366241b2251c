import type { Told } from '@yardmaster/domain'
import type { Database } from '../database.js'
import { outboxBatch, type OutboxBatch } from '../outbox.js'

export type { OutboxBatch } from '../outbox.js'

/**
 * The oldest events that are at least `olderThanMs` old and not relayed yet. There is no cursor: "id > last seen" would lose a
 * transaction that took its id early and committed late.
 */
export async function readOutbox(db: Database, { limit, olderThanMs }: { limit: number; olderThanMs: number }): Promise<OutboxBatch[]> {
  const { rows } = await db.pool.query<{ id: number; envelopes: Told[]; created_at: Date }>(
    `SELECT id, envelopes, created_at FROM outbox WHERE created_at <= now() - make_interval(secs => $2::float / 1000) ORDER BY id LIMIT $1`, [limit, olderThanMs])
  return rows.map(row => outboxBatch(row, row.envelopes))
}

/** Only after the stream has acknowledged them. */
export async function removeFromOutbox(db: Database, ids: number[]): Promise<void> {
  await db.pool.query('DELETE FROM outbox WHERE id = ANY($1)', [ids])
}
