import type { CancelRequest, CancelStamp } from '@yardmaster/domain'
import type { Database } from '../database.js'
import type { Transaction } from '../transaction.js'
import { cancelRequest } from './cancel-request.js'

export type PendingCancellation = { id: number; kind: 'old' | 'failing'; buildset: number; request: number | null; /** Of the buildset. */ builders: string[]; stamps: CancelStamp[] }

const STAMPS = `(SELECT coalesce(jsonb_agg(jsonb_build_object('codebase', t.codebase, 'repository', t.repository, 'project', t.project, 'branch', t.branch, 'revision', t.revision,
    'change', (SELECT max(c.id) FROM changes c WHERE c.sourcestamp_id = t.id)) ORDER BY t.codebase), '[]')
  FROM buildset_sourcestamps bs JOIN sourcestamps t ON t.id = bs.sourcestamp_id WHERE bs.buildset_id = s.id)`

/** What a set's cancellers have not been asked, the oldest first. */
export async function readCancellations(db: Database, set: string, limit: number): Promise<PendingCancellation[]> {
  const { rows } = await db.pool.query<PendingCancellation>(
    `SELECT p.id, p.kind, p.buildset_id AS buildset, p.request_id AS request, ${STAMPS} AS stamps,
       ARRAY(SELECT b.name FROM build_requests r JOIN builders b ON b.id = r.builder_id WHERE r.buildset_id = s.id AND b.set_name = p.set_name) AS builders
     FROM pending_cancellations p JOIN buildsets s ON s.id = p.buildset_id WHERE p.set_name = $1 ORDER BY p.id LIMIT $2`, [set, limit])
  return rows
}

/** The requests of these builders that have not ended and are not about to be, and the failed ones. */
export async function readCancellable(db: Database, builders: readonly string[], failed: readonly number[]): Promise<CancelRequest[]> {
  const { rows } = await db.pool.query<CancelRequest>(
    `SELECT r.id, b.name AS builder, s.id AS buildset, ${STAMPS} AS stamps
     FROM (SELECT r.id, r.builder_id, r.buildset_id FROM buildsets s JOIN build_requests r ON r.buildset_id = s.id AND r.state <> 'complete' WHERE s.complete_at IS NULL
       UNION SELECT id, builder_id, buildset_id FROM build_requests WHERE id = ANY($2)) r
     JOIN buildsets s ON s.id = r.buildset_id JOIN builders b ON b.id = r.builder_id WHERE (b.name = ANY($1) AND NOT EXISTS (SELECT 1 FROM builds x WHERE x.build_request_id = r.id AND x.complete_at IS NULL AND x.stop_requested_at IS NOT NULL)) OR r.id = ANY($2) ORDER BY r.id`, [builders, failed])
  return rows
}

export type Settlement = { pendingId: number; /** Ends what was pending: nothing more is to be cancelled because of it. */ last: boolean; cancels: readonly { requestId: number; reason: string; actor: string }[] }

/**
 * The answer of the cancellers: what is not wanted any more is cancelled. Of two who were asked at once one finds it settled and does nothing (null).
 * Returns the requests that were cancelled, or whose builds are stopping.
 */
export async function settleCancellation(tx: Transaction, { pendingId, last, cancels }: Settlement): Promise<number[] | null> {
  const pending = await tx.execute('SELECT 1 FROM pending_cancellations WHERE id = $1 FOR UPDATE', [pendingId])
  if (pending === 0) return null
  const ordered = cancels.toSorted((a, b) => a.requestId - b.requestId)
  await tx.execute('SELECT 1 FROM buildsets WHERE id IN (SELECT buildset_id FROM build_requests WHERE id = ANY($1)) ORDER BY id FOR UPDATE', [ordered.map(cancel => cancel.requestId)])
  const done: number[] = []
  for (const cancel of ordered) if (await cancelRequest(tx, cancel) !== null) done.push(cancel.requestId)
  if (last) await tx.execute('DELETE FROM pending_cancellations WHERE id = $1', [pendingId])
  return done
}
