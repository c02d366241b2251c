import type { Transaction } from '../transaction.js'

/** Moves a waiting request forward or back in its builder's queue. Returns false when it waits no more, or there is none of this id. */
export async function setPriority(tx: Transaction, { requestId, priority }: { requestId: number; priority: number }): Promise<boolean> {
  const [row] = await tx.query<{ version: number; builder: number; buildset: number; project: string | null }>(
    `UPDATE build_requests r SET priority = $2, version = version + 1 WHERE id = $1 AND state = 'pending'
     RETURNING version, builder_id AS builder, buildset_id AS buildset, (SELECT name FROM projects p WHERE p.id = r.project_id) AS project`, [requestId, priority])
  if (!row) return false
  tx.publish({ type: 'buildrequest.update', id: requestId, version: row.version, project: row.project, parents: { builder: row.builder, buildset: row.buildset } })
  tx.wake('requests')
  return true
}
