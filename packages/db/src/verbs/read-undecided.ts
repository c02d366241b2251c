import type { Database } from '../database.js'
import { readClaimable, type Candidate, type ClaimableRequest } from './find-claimable.js'

/** A request of which is still to be said what it makes needless, and the older ones that it could: the newest first, at most `most`. */
export type Undecided = { newer: ClaimableRequest; older: ClaimableRequest[] }

/** Of each of these builders (by key) the undecided request that comes first. */
export async function readUndecided(db: Database, builderKeys: readonly string[], most: number): Promise<Undecided[]> {
  const { rows: first } = await db.pool.query<Candidate>(
    `SELECT DISTINCT ON (r.builder_id) r.id, r.builder_id AS "builderId", b.key AS "builderKey", r.worker_name AS worker FROM build_requests r JOIN builders b ON b.id = r.builder_id
     WHERE r.state = 'pending' AND r.hold = 'collapse' AND b.key = ANY($1) ORDER BY r.builder_id, r.id`, [builderKeys])
  if (first.length === 0) return []
  // What a build waits for is its own; what is for one worker alone is not built by another.
  const { rows: older } = await db.pool.query<Candidate>(
    `SELECT o.id, n.builder_id AS "builderId", n.key AS "builderKey", n.worker FROM unnest($1::bigint[], $2::bigint[], $3::text[], $5::text[]) AS n(id, builder_id, key, worker)
     CROSS JOIN LATERAL (SELECT id FROM build_requests WHERE builder_id = n.builder_id AND state = 'pending' AND id < n.id AND NOT waited_for AND worker_name IS NOT DISTINCT FROM n.worker ORDER BY id DESC LIMIT $4) o`,
    [first.map(row => row.id), first.map(row => row.builderId), first.map(row => row.builderKey), most, first.map(row => row.worker)])
  const requests = await readClaimable(db, [...first, ...older])
  const byId = new Map(requests.map(request => [request.id, request]))
  return first.flatMap(({ id, builderId }) => {
    const newer = byId.get(id)
    return newer ? [{ newer, older: older.filter(row => row.builderId === builderId).flatMap(row => byId.get(row.id) ?? []) }] : []
  })
}
