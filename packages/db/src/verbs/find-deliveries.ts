import type { Database } from '../database.js'

export type DueDelivery = { id: number; attempts: number }

/** Nobody has it, or who had it is no more. */
export const FREE = `(d.next_at <= now() OR EXISTS (SELECT 1 FROM replicas r WHERE r.id = d.taken_by AND r.state <> 'alive'))`
/** Those of one repository are worked on in their order. */
export const FIRST = `NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.state = 'pending' AND e.source = d.source AND e.repository = d.repository AND e.set_name IS NOT DISTINCT FROM d.set_name AND e.id < d.id)`

/** Messages of a set that can be worked on now. */
export async function findDeliveries(db: Database, { set, limit }: { set: string; limit: number }): Promise<{ due: DueDelivery[]; /** When the next one will be; null: there is none. */ nextInMs: number | null }> {
  const { rows } = await db.pool.query<{ id: number; attempts: number; due: boolean; in_ms: number }>(
    `SELECT d.id, d.attempts, ${FREE} AS due, extract(epoch FROM d.next_at - now())::float8 * 1000 AS in_ms FROM deliveries d
     WHERE d.state = 'pending' AND d.set_name = $1 AND ${FIRST} ORDER BY d.id LIMIT $2`, [set, limit])
  const later = rows.filter(({ due }) => !due).map(({ in_ms }) => in_ms)
  return { due: rows.filter(({ due }) => due).map(({ id, attempts }) => ({ id, attempts })), nextInMs: later.length > 0 ? Math.min(...later) : null }
}
