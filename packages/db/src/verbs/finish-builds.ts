import { CANCELLED, RETRY, type Result } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { blameWorkers } from './blame-workers.js'
import { completeRequests } from './complete-requests.js'
import { idleInstances } from './machine-claims.js'
import { releaseLocks } from './release-locks.js'

/** RETRY becomes CANCELLED for a build that somebody has asked to stop. `workerFault`: why the worker is to blame; null: it is not. Who blames has locked the workers first. */
export type BuildEnd = { buildId: number; results: Result; stateString: string; workerFault?: string | null }

type EndedBuild = { id: number; version: number; number: number; builder_id: number; worker_id: number; request_id: number; buildset_id: number; instance_id: number | null; results: Result; project: string | null }

/**
 * Builds end, each exactly once, and with them their requests; with RETRY the request goes back and is built again.
 * Returns them as they ended.
 * The caller holds the sessions of the builds' workers. Their locks are given back. Their journals are not needed any more and are removed.
 */
export async function finishBuilds(tx: Transaction, ends: BuildEnd[]): Promise<BuildEnd[]> {
  if (ends.length === 0) return []
  await keepOrphans(tx, ends.map(end => end.buildId))
  const requests = await tx.query<{ id: number; build_id: number; locks: boolean }>(
    `SELECT build_request_id AS id, id AS build_id, EXISTS (SELECT 1 FROM lock_claims c WHERE c.build_id = b.id) AS locks
     FROM builds b WHERE id = ANY($1) AND complete_at IS NULL`, [ends.map(end => end.buildId)])
  const locking = requests.filter(row => row.locks).map(row => row.build_id)
  if (locking.length > 0) await releaseLocks(tx, { builds: locking, steps: [] })
  const requestOf = new Map(requests.map(row => [row.build_id, row.id]))
  const open = await withStops(tx, ends.filter(end => requestOf.has(end.buildId)), requests.map(row => row.id))
  await completeRequests(tx, open.filter(end => end.results !== RETRY).map(end => ({ requestId: requestOf.get(end.buildId)!, results: end.results })))
  await returnRequests(tx, open.filter(end => end.results === RETRY).map(end => requestOf.get(end.buildId)!))
  const ended = await tx.query<EndedBuild>(
    `UPDATE builds b SET complete_at = now(), results = e.results, state_string = e.state, version = b.version + 1
     FROM unnest($1::bigint[], $2::int[], $3::text[]) AS e(id, results, state), build_requests r
     WHERE b.id = e.id AND b.complete_at IS NULL AND r.id = b.build_request_id
     RETURNING b.id, b.version, b.number, b.builder_id, b.worker_id, r.id AS request_id, r.buildset_id, b.instance_id, b.results,
       (SELECT name FROM projects p WHERE p.id = b.project_id) AS project`,
    [open.map(end => end.buildId), open.map(end => end.results), open.map(end => end.stateString)])
  await tx.execute('DELETE FROM effects WHERE build_id = ANY($1)', [ended.map(build => build.id)])
  const endedNow = new Set(ended.map(build => build.id))
  await blameWorkers(tx, open.flatMap(({ buildId, workerFault }) => (workerFault && endedNow.has(buildId) ? [{ buildId, why: workerFault }] : [])))
  await idleInstances(tx, ended.flatMap(build => build.instance_id ?? []))
  for (const build of ended) {
    const parents = { builder: build.builder_id, number: build.number, worker: build.worker_id, buildset: build.buildset_id }
    tx.publish({ type: 'build.finished', id: build.id, version: build.version, project: build.project, parents })
  }
  if (ended.length > 0) tx.wake('requests')
  return open
}

/** Who ends a build RETRY may not have heard yet that it was to stop: it must not be built again. Whoever cancels a request holds it while he asks for the stop. */
async function withStops(tx: Transaction, ends: BuildEnd[], requests: number[]): Promise<BuildEnd[]> {
  const again = ends.filter(end => end.results === RETRY).map(end => end.buildId)
  if (again.length === 0) return ends
  await tx.execute('SELECT 1 FROM buildsets WHERE id IN (SELECT buildset_id FROM build_requests WHERE id = ANY($1)) ORDER BY id FOR UPDATE', [requests])
  await tx.execute('SELECT 1 FROM build_requests WHERE id = ANY($1) ORDER BY id FOR UPDATE', [requests])
  const builds = await tx.query<{ id: number; stopped: boolean }>('SELECT id, stop_requested_at IS NOT NULL AS stopped FROM builds WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [again])
  const stopped = new Set(builds.filter(build => build.stopped).map(build => build.id))
  return ends.map(end => (stopped.has(end.buildId) ? { ...end, results: CANCELLED, workerFault: null } : end))
}

/** Commands that may still run on a stock worker though their builds end: nothing is given to it before they have been ended. */
async function keepOrphans(tx: Transaction, buildIds: number[]): Promise<void> {
  await tx.execute(
    `UPDATE worker_sessions s SET orphans = s.orphans || o.commands
     FROM (SELECT b.worker_id, array_agg(concat_ws('/', i.id, b.id, e.step_number, e.n)) AS commands
           FROM builds b JOIN effects e ON e.build_id = b.id, installation i
           WHERE b.id = ANY($1) AND b.complete_at IS NULL AND e.kind = 'command' AND e.outcome IS NULL GROUP BY b.worker_id) AS o
     WHERE s.worker_id = o.worker_id AND s.protocol = 'msgpack'`, [buildIds])
}

async function returnRequests(tx: Transaction, ids: number[]): Promise<void> {
  if (ids.length === 0) return
  const returned = await tx.query<{ id: number; version: number; builder_id: number; buildset_id: number; project: string | null }>(
    `UPDATE build_requests r SET state = 'pending', replica_id = NULL, claimed_at = NULL, version = version + 1
     WHERE id = ANY($1) AND state = 'claimed'
     RETURNING id, version, builder_id, buildset_id, (SELECT name FROM projects p WHERE p.id = r.project_id) AS project`, [ids])
  for (const row of returned) {
    tx.publish({ type: 'buildrequest.unclaimed', id: row.id, version: row.version, project: row.project, parents: { builder: row.builder_id, buildset: row.buildset_id } })
  }
}
