import type { Database } from '../database.js'
import type { Transaction } from '../transaction.js'

/** A request that `parent` waits for, with its build where there is one. */
export type ParentChild = {
  parent: number
  request: number
  build: number | null
  builder: string
  builderKey: string
  /** Why it was passed over when it was last looked at. */
  waitsFor: string | null
  /** It waits, and each worker that its builder has is held by a build that waits for others in its turn. */
  starved: boolean
  /** Those that could build it. */
  workers: { id: number; name: string }[]
}

/** What those of these builds wait for that wait, at this moment, for requests which they triggered. */
export async function readParentWaits(from: Database | Transaction, builds: number[]): Promise<ParentChild[]> {
  const sql = `SELECT s.parent_build_id AS parent, r.id AS request, b.id AS build, u.name AS builder, u.key AS "builderKey", r.waits_for AS "waitsFor",
       r.state = 'pending' AND EXISTS (SELECT 1 FROM builder_workers o WHERE o.builder_id = u.id) AND NOT EXISTS (
         SELECT 1 FROM builder_workers o JOIN workers w ON w.id = o.worker_id AND w.active WHERE o.builder_id = u.id AND NOT EXISTS (
           SELECT 1 FROM builds p JOIN effects f ON f.build_id = p.id AND f.kind = 'triggerEnded' AND f.outcome IS NULL WHERE p.worker_id = w.id AND p.complete_at IS NULL)) AS starved,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name) ORDER BY w.id) FROM builder_workers o JOIN workers w ON w.id = o.worker_id AND w.active WHERE o.builder_id = u.id), '[]') AS workers
     FROM buildsets s JOIN build_requests r ON r.buildset_id = s.id JOIN builders u ON u.id = r.builder_id
     LEFT JOIN builds b ON b.build_request_id = r.id AND b.complete_at IS NULL
     WHERE s.parent_build_id = ANY($1) AND s.complete_at IS NULL AND r.waited_for AND r.state <> 'complete'
       AND EXISTS (SELECT 1 FROM effects e WHERE e.build_id = s.parent_build_id AND e.kind = 'triggerEnded' AND e.outcome IS NULL)
     ORDER BY r.id`
  return 'pool' in from ? (await from.pool.query<ParentChild>(sql, [builds])).rows : from.query<ParentChild>(sql, [builds])
}
