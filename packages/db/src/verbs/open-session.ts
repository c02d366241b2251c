import type { Json } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { forgiveWorker } from './blame-workers.js'
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
  /** The machine whose password it came with; null: it came with one that the configuration gives. */
  instanceId?: number | null
}

/** Its machine is not wanted (any more), or nobody has started one for this worker. */
export class UnwantedMachine extends Error {
  override readonly name = 'UnwantedMachine'
}

export type OpenedSession = {
  /** The worker's new session number: whoever quotes it speaks for the worker's builds. */
  number: number
  /** Builds that were running on this worker and are now ours. */
  builds: number[]
  /** Commands of earlier builds that may still run on this worker: to be ended before it is given anything. */
  orphans: string[]
  /** The machine that its process runs on; null: none of ours. */
  instanceId: number | null
}

/**
 * A worker connected. The same process wins at once over whatever session it had, on whichever engine: it can only be in one place.
 * Another process of that name is refused (null) while the session is connected at a living replica; `contestSession` is its way in. A new process was
 * started by somebody who wants it to work: that the one before was to go is forgotten, as in Buildbot. A stock worker resumes nothing: the
 * builds that were running on it end here. A latent worker's process is the one of the machine that is wanted now: it wins at once over that of an earlier
 * machine, whose builds end RETRY and whose failures are forgotten. Throws UnwantedMachine when there is none, or it is on another.
 */
export async function openSession(tx: Transaction, opening: SessionOpening): Promise<OpenedSession | null> {
  const { workerId, replicaId, processId, protocol = 'yardmaster', info, labels = {}, once = false } = opening
  const [known] = await tx.query<{ relabelled: boolean; latent: boolean }>(
    'SELECT reported_labels <> $2::jsonb AS relabelled, pool_id IS NOT NULL AS latent FROM workers WHERE id = $1 FOR NO KEY UPDATE', [workerId, storableJson(labels)])
  const [held] = await tx.query<HeldSession>(
    `SELECT s.number, s.process_id, s.protocol, s.instance_id, s.connected AND EXISTS (SELECT 1 FROM replicas r WHERE r.id = s.replica_id AND r.state = 'alive') AS taken
     FROM worker_sessions s WHERE s.worker_id = $1 FOR UPDATE OF s`, [workerId])
  if (!known || !held) return null
  const instanceId = known.latent || opening.instanceId ? await wantedInstance(tx, opening) : null
  const moved = held.instance_id !== instanceId
  // Whoever has a password of the configuration's may come from any machine; one that was known on another is not on this one.
  if (moved && held.instance_id !== null && held.process_id === processId) throw new UnwantedMachine(`process ${processId} of worker ${workerId} runs on instance ${held.instance_id}, which is not wanted any more`)
  // What ran on another machine of ours is gone with it, and so is what it did wrong.
  const replaced = moved && instanceId !== null
  if (held.taken && held.process_id !== processId && !replaced) return null
  const [worker] = await tx.query<{ id: number; version: number }>(
    'UPDATE workers SET info = $2::jsonb, reported_labels = $3::jsonb, missing_told_at = NULL, version = version + 1 WHERE id = $1 RETURNING id, version',
    [workerId, storableJson(info), storableJson(labels)])
  // While the session is still of the protocol that they were begun with: what may be left of them is kept.
  // The same process, and nobody has seen its connection end: that may have been its engine's fault.
  if (replaced) await leaveMachine(tx, workerId)
  else if (protocol === 'msgpack' || held.protocol === 'msgpack') await endWorkerBuilds(tx, [workerId], { stateString: 'worker connected again: a stock worker cannot resume', how: held.taken ? null : 'disconnected' })
  // Our own worker keeps account of what it has started.
  const [session] = await tx.query<{ orphans: string[] }>(
    `UPDATE worker_sessions SET number = number + 1, replica_id = $2, process_id = $3, protocol = $5, connected = true, connected_at = now(), disconnected_at = NULL,
       contested_at = NULL, builds_left = CASE WHEN process_id = $3 THEN builds_left ELSE $4 END, orphans = CASE WHEN $5 = 'msgpack' AND NOT $7 THEN orphans ELSE '{}' END, instance_id = $6
     WHERE worker_id = $1 RETURNING orphans`, [workerId, replicaId, processId, once ? 1 : null, protocol, instanceId, replaced])
  if (held.process_id !== processId) await tx.execute('UPDATE workers SET graceful = false, kill_requested_at = NULL WHERE id = $1 AND graceful', [workerId])
  if (known.relabelled) await refreshBuilderWorkers(tx, [workerId])
  const requests = await tx.query<{ id: number; build_id: number }>(
    `UPDATE build_requests r SET replica_id = $2 FROM builds b
     WHERE b.worker_id = $1 AND b.complete_at IS NULL AND r.id = b.build_request_id AND r.state = 'claimed' RETURNING r.id, b.id AS build_id`, [workerId, replicaId])
  const builds = requests.map(request => request.build_id)
  await tx.execute('UPDATE builds SET replica_id = $2 WHERE id = ANY($1)', [builds, replicaId])
  if (instanceId !== null) await noteConnected(tx, instanceId, builds.length === 0)
  tx.publish({ type: 'worker.connected', ...worker!, project: null })
  return { number: held.number + 1, builds, orphans: session!.orphans, instanceId }
}

type HeldSession = { number: number; process_id: string | null; protocol: string; instance_id: number | null; taken: boolean }

async function wantedInstance(tx: Transaction, { workerId, instanceId = null }: SessionOpening): Promise<number> {
  const [wanted] = await tx.query<{ id: number }>(
    `SELECT id FROM instances WHERE worker_id = $1 AND holds_slot AND desired = 'running' AND ($2::bigint IS NULL OR id = $2) FOR NO KEY UPDATE`, [workerId, instanceId])
  if (!wanted) throw new UnwantedMachine(instanceId === null ? `no machine of worker ${workerId} is wanted now` : `instance ${instanceId} of worker ${workerId} is not wanted any more`)
  return wanted.id
}

async function leaveMachine(tx: Transaction, workerId: number): Promise<void> {
  await endWorkerBuilds(tx, [workerId], { stateString: 'its machine is gone: another has taken its place', how: null })
  await forgiveWorker(tx, workerId)
}

async function noteConnected(tx: Transaction, instanceId: number, idle: boolean): Promise<void> {
  const [row] = await tx.query<{ id: number; version: number }>(
    `UPDATE instances SET connected_at = coalesce(connected_at, now()), idle_since = CASE WHEN $2 THEN coalesce(idle_since, now()) END, version = version + 1
     WHERE id = $1 RETURNING id, version`, [instanceId, idle])
  tx.publish({ type: 'instance.updated', ...row!, project: null })
  tx.wake('instances')
}
