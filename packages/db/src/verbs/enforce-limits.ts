import { CANCELLED } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { completeRequests, type RequestEnd } from './complete-requests.js'

type Crowded = { builder_id: number; name: string; request_id: number; limit: number; action: 'refuse-new' | 'drop-oldest'; waiting: number }

/**
 * Where more requests wait than their builder lets, the new ones end, or those that wait longest; CANCELLED, with the reason. What a build waits for is not dropped.
 * Requests whose collapsing is not decided do not count yet. The caller holds the builders' locks (`lockForCollapse`), so that two at once cannot both find room.
 */
export async function enforceLimits(tx: Transaction, requestIds: readonly number[]): Promise<void> {
  const crowded = await tx.query<Crowded>(
    `SELECT b.id AS builder_id, b.name, r.id AS request_id, b.max_pending AS limit, b.max_pending_action AS action, w.waiting FROM build_requests r JOIN builders b ON b.id = r.builder_id
     CROSS JOIN LATERAL (SELECT count(*)::int AS waiting FROM build_requests o WHERE o.builder_id = b.id AND o.state = 'pending' AND o.hold IS DISTINCT FROM 'collapse') w
     WHERE r.id = ANY($1) AND r.state = 'pending' AND r.hold IS DISTINCT FROM 'collapse' AND w.waiting > b.max_pending`, [requestIds])
  const ends: RequestEnd[] = []
  for (const full of crowded) ends.push(...await endsOf(tx, full))
  await completeRequests(tx, ends)
}

async function endsOf(tx: Transaction, { builder_id, name, request_id, limit, action, waiting }: Crowded): Promise<RequestEnd[]> {
  const most = `${limit} ${limit === 1 ? 'request' : 'requests'}`
  const over = waiting - limit
  const oldest = action === 'refuse-new' ? [] : await tx.query<{ id: number }>(
    `SELECT id FROM build_requests WHERE builder_id = $1 AND state = 'pending' AND NOT waited_for AND id <> $2 AND hold IS DISTINCT FROM 'collapse' ORDER BY submitted_at, id LIMIT $3`, [builder_id, request_id, over])
  const locked = await lockPending(tx, oldest.map(row => row.id))
  const dropped = locked.map((requestId): RequestEnd => ({ requestId, results: CANCELLED, reason: `dropped for newer ones: builder ${name} lets ${most} wait`, actor: 'system:limit' }))
  if (locked.length >= over) return dropped
  return [...dropped, { requestId: request_id, results: CANCELLED, reason: `refused: builder ${name} lets ${most} wait`, actor: 'system:limit' }]
}

/** Locks those of them that still wait, after their buildsets, as everybody does; answers which. */
export async function lockPending(tx: Transaction, ids: readonly number[]): Promise<number[]> {
  if (ids.length === 0) return []
  await tx.execute('SELECT 1 FROM buildsets WHERE id IN (SELECT buildset_id FROM build_requests WHERE id = ANY($1)) ORDER BY id FOR UPDATE', [ids])
  const locked = await tx.query<{ id: number }>(`SELECT id FROM build_requests WHERE id = ANY($1) AND state = 'pending' ORDER BY id FOR UPDATE`, [ids])
  return locked.map(row => row.id)
}
