import { FAILURE, SUCCESS, WARNINGS, worstResult, type Result } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { askFailingCancellers } from './ask-cancellers.js'

/** `reason` and `actor`: of one that ends without a build of its own. */
export type RequestEnd = { requestId: number; results: Result; reason?: string; actor?: string }

/**
 * Build requests end, each exactly once: those that had ended already are left alone. A buildset ends with its last request.
 * Returns the ids of the requests that ended by this call.
 */
export async function completeRequests(tx: Transaction, ends: RequestEnd[]): Promise<number[]> {
  if (ends.length === 0) return []
  const ids = ends.map(end => end.requestId)
  await tx.execute(
    `SELECT 1 FROM buildsets WHERE id IN (SELECT buildset_id FROM build_requests WHERE id = ANY($1)) ORDER BY id FOR UPDATE`, [ids])
  const ended = await tx.query<{ id: number; version: number; buildset_id: number; builder_id: number; results: Result; project: string | null }>(
    `UPDATE build_requests r SET state = 'complete', complete_at = now(), results = e.results, hold = NULL, end_reason = e.reason, end_actor = e.actor, version = r.version + 1
     FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[]) AS e(id, results, reason, actor)
     WHERE r.id = e.id AND r.state <> 'complete'
     RETURNING r.id, r.version, r.buildset_id, r.builder_id, r.results, (SELECT name FROM projects p WHERE p.id = r.project_id) AS project`,
    [ids, ends.map(end => end.results), ends.map(end => (end.reason === undefined ? null : storableText(end.reason))), ends.map(end => end.actor ?? null)])
  for (const row of ended) {
    tx.publish({ type: 'buildrequest.complete', id: row.id, version: row.version, project: row.project, parents: { builder: row.builder_id, buildset: row.buildset_id } })
  }
  await askFailingCancellers(tx, ended.filter(row => row.results === FAILURE))
  await rollUp(tx, ended)
  return ended.map(row => row.id)
}

async function rollUp(tx: Transaction, ended: { buildset_id: number; results: Result }[]): Promise<void> {
  const counts = new Map<number, number>()
  for (const { buildset_id } of ended) counts.set(buildset_id, (counts.get(buildset_id) ?? 0) + 1)
  if (counts.size === 0) return
  const open = await tx.query<{ id: number; remaining: number }>(
    `UPDATE buildsets s SET remaining = remaining - c.count, version = version + 1
     FROM unnest($1::bigint[], $2::int[]) AS c(id, count) WHERE s.id = c.id RETURNING s.id, s.remaining`,
    [[...counts.keys()], [...counts.values()]])
  const finished = open.filter(buildset => buildset.remaining === 0).map(buildset => buildset.id)
  if (finished.length === 0) return
  const requests = await tx.query<{ buildset_id: number; results: Result }>('SELECT buildset_id, results FROM build_requests WHERE buildset_id = ANY($1)', [finished])
  const results = finished.map(id => requests.filter(request => request.buildset_id === id).map(request => request.results).reduce(worstResult))
  // With those who wait for them, in the same statement: it costs nothing where nobody does.
  const complete = await tx.query<{ id: number; version: number; awaited: boolean }>(
    `WITH ended AS (
       UPDATE buildsets s SET complete_at = now(), results = e.results FROM unnest($1::bigint[], $2::int[]) AS e(id, results) WHERE s.id = e.id RETURNING s.id, s.version, s.scheduler, s.results
     ), awaited AS (
       INSERT INTO scheduler_tasks (scheduler_id, cause, buildset_id)
       SELECT d.id, 'upstream', ended.id FROM ended JOIN schedulers d ON d.upstream = ended.scheduler WHERE d.active AND d.enabled AND ended.results IN (${SUCCESS}, ${WARNINGS}) ORDER BY ended.id RETURNING buildset_id
     )
     SELECT id, version, id IN (SELECT buildset_id FROM awaited) AS awaited FROM ended`,
    [finished, results])
  for (const { id, version } of complete) tx.publish({ type: 'buildset.complete', id, version, project: null })
  if (complete.some(buildset => buildset.awaited)) tx.wake('tasks')
  tx.wake('buildsets')
}
