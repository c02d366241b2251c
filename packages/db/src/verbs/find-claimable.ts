import type { Properties } from '@yardmaster/domain'
import { groupBy } from '../group-by.js'
import type { Database } from '../database.js'

export type ClaimableRequest = {
  id: number
  builderId: number
  builderKey: string
  buildsetId: number
  generationId: number
  projectId: number | null
  project: string | null
  properties: Properties
  reason: string
}

/**
 * Pending requests of these builders, by priority then age: at most `perBuilder` of each builder and `limit` in all.
 * Per builder first (lateral, along the index of pending requests), because sorting all that is pending costs seven times as much
 * at 25,000 requests. Nothing is locked: the claim checks again.
 */
export async function findClaimable(db: Database, query: { builderKeys: string[]; perBuilder: number; limit: number }): Promise<ClaimableRequest[]> {
  const { rows } = await db.pool.query<ClaimableRequest>(
    `SELECT r.id, b.id AS "builderId", b.key AS "builderKey", r.buildset_id AS "buildsetId", s.generation_id AS "generationId",
            r.project_id AS "projectId", p.name AS project, s.properties, s.reason
     FROM builders b
     CROSS JOIN LATERAL (
       SELECT id, buildset_id, project_id, priority, submitted_at FROM build_requests
       WHERE builder_id = b.id AND state = 'pending' ORDER BY priority DESC, submitted_at, id LIMIT $2
     ) r
     JOIN buildsets s ON s.id = r.buildset_id
     LEFT JOIN projects p ON p.id = r.project_id
     WHERE b.key = ANY($1) AND b.active
     ORDER BY r.priority DESC, r.submitted_at, r.id LIMIT $3`,
    [query.builderKeys, query.perBuilder, query.limit])
  return rows
}

export type SourcestampRow = { id: number; codebase: string; repository: string; project: string; branch: string | null; revision: string | null }

/** The sourcestamps of each buildset. */
export async function readSourcestamps(db: Database, buildsetIds: number[]): Promise<Map<number, SourcestampRow[]>> {
  const { rows } = await db.pool.query<SourcestampRow & { buildset_id: number }>(
    `SELECT bs.buildset_id, s.id, s.codebase, s.repository, s.project, s.branch, s.revision
     FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = ANY($1) ORDER BY s.codebase, s.id`, [buildsetIds])
  return groupBy(rows, row => row.buildset_id)
}
