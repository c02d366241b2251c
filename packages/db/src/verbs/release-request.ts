import type { Transaction } from '../transaction.js'

/** A request that was held for want of a worker may be built again; while none is there, the time in which one is to come begins anew. Returns false when it is not held. */
export async function releaseRequest(tx: Transaction, requestId: number): Promise<boolean> {
  await tx.execute(`UPDATE builders SET no_worker_since = now() WHERE id = (SELECT builder_id FROM build_requests WHERE id = $1 AND state = 'pending' AND hold = 'worker') AND no_worker_since IS NOT NULL`, [requestId])
  const [row] = await tx.query<{ version: number; builder: number; buildset: number; project: string | null }>(
    `UPDATE build_requests r SET hold = NULL, waits_for = NULL, version = version + 1 WHERE id = $1 AND state = 'pending' AND hold = 'worker'
     RETURNING version, builder_id AS builder, buildset_id AS buildset, (SELECT name FROM projects p WHERE p.id = r.project_id) AS project`, [requestId])
  if (!row) return false
  tx.publish({ type: 'buildrequest.update', id: requestId, version: row.version, project: row.project, parents: { builder: row.builder, buildset: row.buildset } })
  tx.wake('requests')
  return true
}
