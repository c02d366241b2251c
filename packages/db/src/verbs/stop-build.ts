import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type StopRequest = { buildId: number; reason: string; /** user:NAME, token:NAME or system:NAME. */ actor: string }

/**
 * Asks for a running build to be stopped: its engine interrupts it and ends it CANCELLED. The first asking counts.
 * Returns false when there is no such build, it has ended, or its stop was asked for before.
 */
export async function requestStop(tx: Transaction, { buildId, reason, actor }: StopRequest): Promise<boolean> {
  const [row] = await tx.query<{ version: number; number: number; builder_id: number; worker_id: number; buildset_id: number; project: string | null }>(
    `UPDATE builds b SET stop_requested_at = now(), stop_reason = $2, stop_actor = $3, version = b.version + 1
     FROM build_requests r WHERE b.id = $1 AND b.complete_at IS NULL AND b.stop_requested_at IS NULL AND r.id = b.build_request_id
     RETURNING b.version, b.number, b.builder_id, b.worker_id, r.buildset_id, (SELECT name FROM projects p WHERE p.id = b.project_id) AS project`,
    [buildId, storableText(reason), actor])
  if (!row) return false
  const parents = { builder: row.builder_id, number: row.number, worker: row.worker_id, buildset: row.buildset_id }
  tx.publish({ type: 'build.update', id: buildId, version: row.version, project: row.project, parents })
  tx.wake('controls')
  return true
}
