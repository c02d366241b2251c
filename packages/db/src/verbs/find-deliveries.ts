import type { Database } from '../database.js'

export type DueDelivery = { id: number; attempts: number }

/** Nobody has it, or who had it is no more. */
export const FREE = `(d.next_at <= now() OR EXISTS (SELECT 1 FROM replicas r WHERE r.id = d.taken_by AND r.state <> 'alive'))`
/** So often one that fails holds up those behind it. */
export const PATIENT_ATTEMPTS = 6
/** Those of one repository are worked on in their order, but for one that has failed too often. */
export const FIRST = `NOT EXISTS (SELECT 1 FROM deliveries e WHERE e.state = 'pending' AND e.source = d.source AND e.repository = d.repository AND e.set_name IS NOT DISTINCT FROM d.set_name AND e.id < d.id
  AND (e.attempts < ${PATIENT_ATTEMPTS} OR (e.attempts = ${PATIENT_ATTEMPTS} AND e.taken_by IS NOT NULL)))`

/** Messages of a set that can be worked on now; those that wait, for whatever, never take their place. */
export async function findDeliveries(db: Database, { set, limit }: { set: string; limit: number }): Promise<{ due: DueDelivery[]; /** When the next one will be; null: there is none. */ nextInMs: number | null }> {
  const { rows } = await db.pool.query<{ id: number; attempts: number; due: boolean; in_ms: number }>(
    `SELECT d.id, d.attempts, ${FREE} AS due, extract(epoch FROM d.next_at - now())::float8 * 1000 AS in_ms FROM deliveries d
     WHERE d.state = 'pending' AND d.set_name = $1 AND ${FIRST} ORDER BY due DESC, d.id LIMIT $2`, [set, limit])
  const later = rows.filter(({ due }) => !due).map(({ in_ms }) => in_ms)
  return { due: rows.filter(({ due }) => due).map(({ id, attempts }) => ({ id, attempts })), nextInMs: later.length > 0 ? Math.min(...later) : null }
}
