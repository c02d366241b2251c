import type { Database } from '../database.js'

/**
 * Requests that a build waits for, or waited for: those of these buildsets, or (null) of any build that has ended over them. Their end is asked for
 * with `cancelRequest`; those whose build was asked to stop already are left out. At most `limit`, ids ascending.
 */
export async function findOrphans(db: Database, buildsetIds: number[] | null, limit: number): Promise<number[]> {
  const { rows } = await db.pool.query<{ id: number }>(
    `SELECT r.id FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id JOIN builds p ON p.id = s.parent_build_id
     WHERE r.waited_for AND r.state <> 'complete' AND CASE WHEN $1::bigint[] IS NULL THEN p.complete_at IS NOT NULL ELSE s.id = ANY($1) END
       AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.build_request_id = r.id AND b.complete_at IS NULL AND b.stop_requested_at IS NOT NULL)
     ORDER BY r.id LIMIT $2`, [buildsetIds, limit])
  return rows.map(row => row.id)
}
