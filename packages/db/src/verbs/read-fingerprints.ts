import type { Database } from '../database.js'

/** What a machine of a pool was made for. */
export type MadeFor = { poolId: number; fingerprint: string }

/** What these requests would have of the pools whose options depend on the build. null: their options could not be rendered. */
export async function readFingerprints(db: Database, requestIds: readonly number[]): Promise<{ requestId: number; poolId: number; fingerprint: string | null }[]> {
  const { rows } = await db.pool.query<{ requestId: number; poolId: number; fingerprint: string | null }>(
    'SELECT request_id AS "requestId", pool_id AS "poolId", fingerprint FROM request_machines WHERE request_id = ANY($1)', [requestIds])
  return rows
}
