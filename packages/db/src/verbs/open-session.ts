import type { Json } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { endWorkerBuilds } from './end-worker-builds.js'
import { refreshBuilderWorkers } from './refresh-builder-workers.js'

export type SessionOpening = {
  workerId: number
  replicaId: number
  /** Identity of the worker's process, across its connections. */
  processId: string
  /** msgpack: a stock worker, which can resume nothing. Else our own. */
  protocol?: 'yardmaster' | 'msgpack'
  info: { [name: string]: Json }
  /** What the worker says of itself. */
  labels?: { [label: string]: string }
  /** The process takes one build, and goes. */
  once?: boolean
}

export type OpenedSession = {
  /** The worker's new session number: whoever quotes it speaks for the worker's builds. */
  number: number
  /** Builds that were running on this worker and are now ours. */
  builds: number[]
  /** Commands of earlier builds that may still run on this worker: to be ended before it is given anything. */
  orphans: string[]
}

/**
 * A worker connected. The same process wins at once over whatever session it had, on whichever engine: it can only be in one place.
 * Another process of that name is refused (null) while the session is connected at a living replica; `contestSession` is its way in. A new process was
 * started by somebody who wants it to work: that the one before was to go is forgotten, as in Buildbot. A stock worker resumes nothing: the
 * builds that were running on it end here.
 */
export async function openSession(tx: Transaction, opening: SessionOpening): Promise<OpenedSession | null> {
  const { workerId, replicaId, processId, protocol = 'yardmaster', info, labels = {}, once = false } = opening
  const [known] = await tx.query<{ relabelled: boolean }>('SELECT reported_labels <> $2::jsonb AS relabelled FROM workers WHERE id = $1 FOR NO KEY UPDATE', [workerId, storableJson(labels)])
  const [held] = await tx.query<{ number: number; process_id: string | null; protocol: string; taken: boolean }>(
    `SELECT s.number, s.process_id, s.protocol, s.connected AND EXISTS (SELECT 1 FROM replicas r WHERE r.id = s.replica_id AND r.state = 'alive') AS taken
     FROM worker_sessions s WHERE s.worker_id = $1 FOR UPDATE OF s`, [workerId])
  if (!known || !held || (held.taken && held.process_id !== processId)) return null
  const [worker] = await tx.query<{ id: number; version: number }>(
    'UPDATE workers SET info = $2::jsonb, reported_labels = $3::jsonb, missing_told_at = NULL, version = version + 1 WHERE id = $1 RETURNING id, version',
    [workerId, storableJson(info), storableJson(labels)])
  // While the session is still of the protocol that they were begun with: what may be left of them is kept.
  // The same process, and nobody has seen its connection end: that may have been its engine's fault.
  if (protocol === 'msgpack' || held.protocol === 'msgpack') await endWorkerBuilds(tx, [workerId], { stateString: 'worker connected again: a stock worker cannot resume', how: held.taken ? null : 'disconnected' })
  // Our own worker keeps account of what it has started.
  const [session] = await tx.query<{ orphans: string[] }>(
    `UPDATE worker_sessions SET number = number + 1, replica_id = $2, process_id = $3, protocol = $5, connected = true, connected_at = now(), disconnected_at = NULL,
       contested_at = NULL, builds_left = CASE WHEN process_id = $3 THEN builds_left ELSE $4 END, orphans = CASE WHEN $5 = 'msgpack' THEN orphans ELSE '{}' END
     WHERE worker_id = $1 RETURNING orphans`, [workerId, replicaId, processId, once ? 1 : null, protocol])
  if (held.process_id !== processId) await tx.execute('UPDATE workers SET graceful = false, kill_requested_at = NULL WHERE id = $1 AND graceful', [workerId])
  if (known.relabelled) await refreshBuilderWorkers(tx, [workerId])
  const requests = await tx.query<{ id: number; build_id: number }>(
    `UPDATE build_requests r SET replica_id = $2 FROM builds b
     WHERE b.worker_id = $1 AND b.complete_at IS NULL AND r.id = b.build_request_id AND r.state = 'claimed' RETURNING r.id, b.id AS build_id`, [workerId, replicaId])
  const builds = requests.map(request => request.build_id)
  await tx.execute('UPDATE builds SET replica_id = $2 WHERE id = ANY($1)', [builds, replicaId])
  tx.publish({ type: 'worker.connected', ...worker!, project: null })
  return { number: held.number + 1, builds, orphans: session!.orphans }
}
