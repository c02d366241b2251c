import type { LockUse, Properties } from '@yardmaster/domain'
import { groupBy } from '../group-by.js'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { openBuilderLocks } from './builder-locks.js'
import { openMachines, useInstances, type MachineLimits } from './machine-claims.js'

export type Claim = {
  requestId: number
  builderId: number
  buildsetId: number
  projectId: number | null
  project: string | null
  workerId: number
  /** The session that the claim relies on; a newer one makes the claim fail. */
  sessionNumber: number
  /** Of its worker's capacity. */
  units: number
  generationId: number
  properties: Properties
  /** What the worker's pool lets its machines take; none of a worker that connects by itself. */
  machine?: MachineLimits | null
  /** The builder's, held until the build ends; none unless said. */
  locks?: LockUse[]
  steps: string[]
}

/** A claim that another time may succeed: its request stays pending and says what it waits for. `otherWorker`: on another worker it may succeed now. */
export type PassedOver = { requestId: number; waitsFor: string; otherWorker?: boolean }

/** What was claimed for a worker in `unfit` was refused for the worker's sake; what is nowhere in the answer was lost to somebody else. */
export type Claimed = { builds: ClaimedBuild[]; passedOver: PassedOver[]; unfit: number[] }

export type ClaimedBuild = { requestId: number; buildId: number; number: number; steps: { id: number; number: number }[] }

type BuildRow = { id: number; number: number; version: number; request_id: number }

/**
 * Takes requests for workers of this replica, numbers their builds and writes builds and steps, all in one transaction.
 * What another engine took first, what was cancelled, and what cannot run on its worker any more (its session has moved on, somebody
 * paused it, the builder builds there already, it is full, a lock of its builder is not free) is not among the builds of the answer. Claims are served in the order given.
 */
export async function claimRequests(tx: Transaction, replicaId: number, claims: Claim[]): Promise<Claimed> {
  const { live, instances } = await withLiveSessions(tx, replicaId, claims)
  const locks = await openBuilderLocks(tx, live)
  const unfit = claims.filter(claim => !live.includes(claim)).map(claim => claim.workerId)
  const locked = await tx.query<{ id: number }>(
    `SELECT id FROM build_requests WHERE id = ANY($1) AND state = 'pending' AND hold IS NULL ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`, [live.map(claim => claim.requestId)])
  const won = new Set(locked.map(row => row.id))
  const { admitted, passedOver } = locks.admit(live.filter(claim => won.has(claim.requestId)))
  const taken = admitted.sort((a, b) => a.requestId - b.requestId)
  if (taken.length === 0) {
    await locks.hold([])
    return { builds: [], passedOver, unfit }
  }
  const numbers = await takeNumbers(tx, taken)
  const versions = await tx.query<{ id: number; version: number }>(
    `UPDATE build_requests SET state = 'claimed', replica_id = $2, claimed_at = now(), waits_for = NULL, not_before = NULL, version = version + 1 WHERE id = ANY($1) RETURNING id, version`,
    [taken.map(claim => claim.requestId), replicaId])
  const versionOf = new Map(versions.map(row => [row.id, row.version]))
  const builds = await insertBuilds(tx, { replicaId, numbers, instances }, taken)
  await locks.hold(taken.map(({ requestId }) => ({ requestId, buildId: builds.get(requestId)!.id })))
  const steps = await insertSteps(tx, taken, builds)
  await tx.execute('UPDATE worker_sessions SET builds_left = builds_left - 1 WHERE worker_id = ANY($1) AND builds_left > 0', [taken.map(claim => claim.workerId)])
  await useInstances(tx, taken.flatMap(claim => instances.get(claim.workerId) ?? []))
  const claimed = taken.map(claim => {
    const build = builds.get(claim.requestId)!
    const parents = { builder: claim.builderId, number: build.number, worker: claim.workerId, buildset: claim.buildsetId }
    tx.publish({ type: 'buildrequest.claimed', id: claim.requestId, version: versionOf.get(claim.requestId)!, project: claim.project, parents: { builder: claim.builderId, buildset: claim.buildsetId } })
    tx.publish({ type: 'build.new', id: build.id, version: build.version, project: claim.project, parents })
    const own = steps.get(build.id) ?? []
    for (const step of own) tx.publish({ type: 'step.new', id: step.id, version: 1, project: claim.project, parents: { build: build.id, number: step.number } })
    return { requestId: claim.requestId, buildId: build.id, number: build.number, steps: own }
  })
  return { builds: claimed, passedOver, unfit }
}

type WorkerRow = { worker_id: number; number: number; instance_id: number | null; latent: boolean; max_builds: number | null; capacity: number | null; building: number[]; units: number[] }

/** Only who holds the session claims for the worker, and its transactions follow each other: what is built there now stays true. */
async function withLiveSessions(tx: Transaction, replicaId: number, claims: Claim[]): Promise<{ live: Claim[]; /** Of each worker that has one. */ instances: Map<number, number> }> {
  const rows = await tx.query<WorkerRow>(
    `SELECT s.worker_id, s.number, s.instance_id, w.pool_id IS NOT NULL AS latent, least(w.max_builds, s.builds_left + coalesce(cardinality(r.building), 0)) AS max_builds, w.capacity, coalesce(r.building, '{}') AS building, coalesce(r.units, '{}') AS units
     FROM worker_sessions s JOIN workers w ON w.id = s.worker_id
     CROSS JOIN LATERAL (SELECT array_agg(u.id::float8) AS building, array_agg(u.units) AS units FROM builds b JOIN builders u ON u.id = b.builder_id
       WHERE b.worker_id = s.worker_id AND b.complete_at IS NULL) r
     WHERE s.worker_id = ANY($1) AND s.replica_id = $2 AND s.connected AND w.active AND NOT w.paused AND NOT w.graceful
       AND (w.quarantined_until IS NULL OR w.quarantined_until <= now()) AND cardinality(s.orphans) = 0
     ORDER BY s.worker_id FOR SHARE OF s`, [[...new Set(claims.map(claim => claim.workerId))], replicaId])
  const workers = new Map(rows.map(row => [row.worker_id, row]))
  const machines = await openMachines(tx, rows, claims)
  const live = claims.filter(claim => {
    const worker = workers.get(claim.workerId)
    if (worker?.number !== claim.sessionNumber || !hasRoom(worker, claim)) return false
    if ((worker.latent || worker.instance_id !== null) && !machines.take(worker.instance_id, claim)) return false
    worker.building.push(claim.builderId)
    worker.units.push(claim.units)
    return true
  })
  return { live, instances: new Map(rows.flatMap(row => (row.instance_id === null ? [] : [[row.worker_id, row.instance_id]]))) }
}

function hasRoom({ max_builds: maxBuilds, capacity, building, units }: WorkerRow, claim: Claim): boolean {
  const used = units.reduce((sum, taken) => sum + taken, 0)
  // One build at a time of a builder on a worker: they share a folder.
  return !building.includes(claim.builderId) && (maxBuilds === null || building.length < maxBuilds) && (capacity === null || used + claim.units <= capacity)
}

/** The next build number of each claim; the builders' rows stay locked until the commit, ids ascending. */
async function takeNumbers(tx: Transaction, taken: Claim[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for (const { builderId } of taken) counts.set(builderId, (counts.get(builderId) ?? 0) + 1)
  const ids = [...counts.keys()].sort((a, b) => a - b)
  await tx.execute('SELECT 1 FROM builders WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [ids])
  const rows = await tx.query<{ id: number; next: number }>(
    `UPDATE builders b SET next_number = next_number + c.count, served_at = now() FROM unnest($1::bigint[], $2::int[]) AS c(id, count) WHERE b.id = c.id RETURNING b.id, b.next_number - c.count AS next`,
    [ids, ids.map(id => counts.get(id)!)])
  const next = new Map(rows.map(row => [row.id, row.next]))
  return new Map(taken.map(claim => {
    const number = next.get(claim.builderId)!
    next.set(claim.builderId, number + 1)
    return [claim.requestId, number]
  }))
}

type Inserting = { replicaId: number; numbers: Map<number, number>; instances: Map<number, number> }

async function insertBuilds(tx: Transaction, { replicaId, numbers, instances }: Inserting, taken: Claim[]): Promise<Map<number, BuildRow>> {
  const records = taken.map(claim => {
    const number = numbers.get(claim.requestId)!
    return { builder_id: claim.builderId, number, project_id: claim.projectId, request_id: claim.requestId, worker_id: claim.workerId, instance_id: instances.get(claim.workerId) ?? null,
      generation_id: claim.generationId, properties: { ...claim.properties, buildnumber: [number, 'Build'] } }
  })
  const rows = await tx.query<BuildRow>(
    `INSERT INTO builds (builder_id, number, project_id, build_request_id, worker_id, instance_id, replica_id, generation_id, properties, state_string)
     SELECT builder_id, number, project_id, request_id, worker_id, instance_id, $2, generation_id, properties, 'building'
     FROM jsonb_to_recordset($1::jsonb) AS b(builder_id bigint, number int, project_id bigint, request_id bigint, worker_id bigint, instance_id bigint, generation_id bigint, properties jsonb)
     ORDER BY request_id RETURNING id, number, version, build_request_id AS request_id`,
    [storableJson(records), replicaId])
  return new Map(rows.map(row => [row.request_id, row]))
}

async function insertSteps(tx: Transaction, taken: Claim[], builds: Map<number, BuildRow>): Promise<Map<number, { id: number; number: number }[]>> {
  const records = taken.flatMap(claim => claim.steps.map((name, number) => ({ build_id: builds.get(claim.requestId)!.id, number, name })))
  const rows = await tx.query<{ id: number; build_id: number; number: number }>(
    `INSERT INTO steps (build_id, number, name) SELECT build_id, number, name
     FROM jsonb_to_recordset($1::jsonb) AS s(build_id bigint, number int, name text) ORDER BY build_id, number RETURNING id, build_id, number`,
    [JSON.stringify(records)])
  return groupBy(rows, row => row.build_id)
}
