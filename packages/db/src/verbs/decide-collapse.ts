import { SKIPPED, type Properties } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { collapseReason, lockForCollapse } from './collapse-requests.js'
import { completeRequests } from './complete-requests.js'
import { enforceLimits, lockPending } from './enforce-limits.js'

export type CollapseDecision = {
  requestId: number
  builderId: number
  /** Older ones, which it makes needless. */
  needless: readonly number[]
  /** What its build gets besides its buildset's; null: nothing. */
  properties: Properties | null
}

/**
 * What the configuration's function said of a new request: those that it makes needless end SKIPPED, and it may be claimed. Requests of one builder are decided one after the other,
 * in their order. Returns what has ended; null: it was decided already, has ended, or an older one is still undecided.
 */
export async function decideCollapse(tx: Transaction, { requestId, builderId, needless, properties }: CollapseDecision): Promise<number[] | null> {
  await lockForCollapse(tx, [builderId])
  const [first] = await tx.query<{ id: number }>(`SELECT id FROM build_requests WHERE builder_id = $1 AND state = 'pending' AND hold = 'collapse' ORDER BY id LIMIT 1`, [builderId])
  if (first?.id !== requestId) return null
  const locked = await lockPending(tx, [requestId, ...needless])
  if (!locked.includes(requestId)) return null
  const ended = await completeRequests(tx, locked.filter(id => id !== requestId).map(id => ({ requestId: id, results: SKIPPED, reason: collapseReason(requestId), actor: 'system:collapse' })))
  const [row] = await tx.query<{ version: number; buildset: number; project: string | null }>(
    `UPDATE build_requests r SET hold = NULL, waits_for = NULL, properties = $2::jsonb, work = CASE WHEN $2::jsonb IS NULL THEN work END, version = version + 1 WHERE id = $1
     RETURNING version, buildset_id AS buildset, (SELECT name FROM projects p WHERE p.id = r.project_id) AS project`, [requestId, properties === null ? null : storableJson(properties)])
  tx.publish({ type: 'buildrequest.update', id: requestId, version: row!.version, project: row!.project, parents: { builder: builderId, buildset: row!.buildset } })
  await enforceLimits(tx, [requestId])
  tx.wake('requests')
  return ended
}
