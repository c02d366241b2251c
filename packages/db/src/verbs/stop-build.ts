import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type StopRequest = { buildId: number; reason: string; /** user:NAME, token:NAME or system:NAME. */ actor: string }

/**
 * Asks for a running build to be stopped: its engine interrupts it and ends it CANCELLED, with the first one's reason. As in Buildbot, asking again
 * interrupts what runs by then, also a step that always runs; within two seconds it is the same wish.
 * Returns false when there is no such build, it has ended, or its stop was asked for just before.
 */
export async function requestStop(tx: Transaction, { buildId, reason, actor }: StopRequest): Promise<boolean> {
  const [row] = await tx.query<{ version: number; number: number; builder_id: number; worker_id: number; buildset_id: number; project: string | null }>(
    `UPDATE builds b SET stop_requests = stop_requests + 1, version = b.version + 1, stop_requested_at = now(),
       stop_reason = CASE WHEN stop_requests = 0 THEN $2 ELSE stop_reason END, stop_actor = coalesce(stop_actor, $3)
     FROM build_requests r WHERE b.id = $1 AND b.complete_at IS NULL AND (b.stop_requested_at IS NULL OR b.stop_requested_at < now() - interval '2 seconds') AND r.id = b.build_request_id
     RETURNING b.version, b.number, b.builder_id, b.worker_id, r.buildset_id, (SELECT name FROM projects p WHERE p.id = b.project_id) AS project`,
    [buildId, storableText(reason), actor])
  if (!row) return false
  const parents = { builder: row.builder_id, number: row.number, worker: row.worker_id, buildset: row.buildset_id }
  tx.publish({ type: 'build.update', id: buildId, version: row.version, project: row.project, parents })
  tx.wake('controls')
  return true
}
