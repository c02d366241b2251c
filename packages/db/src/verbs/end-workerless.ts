import { FAILURE, roughly } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { completeRequests } from './complete-requests.js'
import { lockPending } from './enforce-limits.js'

/** Whether some worker could come to build it: connected, or latent. */
const SERVED = `EXISTS (SELECT 1 FROM builder_workers g JOIN workers w ON w.id = g.worker_id AND w.active JOIN worker_sessions s ON s.worker_id = w.id
  WHERE g.builder_id = b.id AND (w.pool_id IS NOT NULL OR s.connected))`
/** While there is no engine nobody can come: that is not the workers' absence. */
const ENGINES = `EXISTS (SELECT 1 FROM replicas WHERE role = 'engine' AND state = 'alive')`

/** Notes of the set's builders that count it since when no worker of theirs is there, and when one has come. */
export async function noteWorkerless(tx: Transaction, set: string): Promise<void> {
  const changed = await tx.query<{ id: number; served: boolean }>(
    `SELECT b.id, ${SERVED} OR NOT ${ENGINES} AS served FROM builders b
     WHERE b.set_name = $1 AND b.active AND b.no_worker_after IS NOT NULL AND (${SERVED} OR NOT ${ENGINES}) = (b.no_worker_since IS NOT NULL) ORDER BY b.id FOR NO KEY UPDATE OF b`, [set])
  if (changed.length === 0) return
  await tx.execute('UPDATE builders b SET no_worker_since = CASE WHEN n.served THEN NULL ELSE now() END FROM unnest($1::bigint[], $2::boolean[]) AS n(id, served) WHERE b.id = n.id',
    [changed.map(row => row.id), changed.map(row => row.served)])
}

const OVERDUE = `r.state = 'pending' AND r.hold IS NULL AND b.no_worker_since IS NOT NULL AND b.no_worker_after IS NOT NULL
  AND greatest(b.no_worker_since, r.submitted_at) + make_interval(secs => b.no_worker_after) <= now()`

type Overdue = { id: number; version: number; builder_id: number; builder: string; buildset_id: number; project: string | null; after: number; action: 'fail' | 'hold' }

/** Requests of the set that have waited for a worker as long as their builder lets them, and none has come: each ends once, FAILURE, or is held until somebody releases it. At most `limit`; answers how many. */
export async function endWorkerless(tx: Transaction, set: string, limit: number): Promise<number> {
  const candidates = await tx.query<{ id: number }>(
    `SELECT r.id FROM builders b JOIN build_requests r ON r.builder_id = b.id WHERE b.set_name = $1 AND b.active AND ${OVERDUE} ORDER BY r.id LIMIT $2`, [set, limit])
  const locked = await lockPending(tx, candidates.map(row => row.id))
  const overdue = locked.length === 0 ? [] : await tx.query<Overdue>(
    `SELECT r.id, r.version, b.id AS builder_id, b.name AS builder, r.buildset_id, p.name AS project, b.no_worker_after AS after, b.no_worker_action AS action
     FROM build_requests r JOIN builders b ON b.id = r.builder_id LEFT JOIN projects p ON p.id = r.project_id WHERE r.id = ANY($1) AND b.active AND ${OVERDUE} AND NOT ${SERVED} ORDER BY r.id`, [locked])
  await completeRequests(tx, overdue.filter(row => row.action === 'fail').map(row => ({ requestId: row.id, results: FAILURE, reason: reasonOf(row), actor: 'system:no worker' })))
  const held = overdue.filter(row => row.action === 'hold')
  await tx.execute(`UPDATE build_requests r SET hold = 'worker', waits_for = h.why, version = version + 1 FROM unnest($1::bigint[], $2::text[]) AS h(id, why) WHERE r.id = h.id`,
    [held.map(row => row.id), held.map(row => `somebody to release it: ${reasonOf(row)}`)])
  for (const { id, version, project, builder_id: builder, buildset_id: buildset } of held) tx.publish({ type: 'buildrequest.update', id, version: version + 1, project, parents: { builder, buildset } })
  return overdue.length
}

const reasonOf = ({ after, builder }: Overdue): string => `no worker of builder ${builder} was connected for ${after < 60 ? `${after} s` : roughly(after)}`
