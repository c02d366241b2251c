import { provingResults, quarantineSeconds, type Quarantine } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** A build that ended just now, and why its worker is to blame. */
export type Blame = { buildId: number; why: string }

type BlamedWorker = { id: number; failures: number; quarantine: Quarantine | null; reason: string }

/** To be held before the sessions of these workers are, by whoever is going to blame them. */
export async function lockWorkers(tx: Transaction, workerIds: number[]): Promise<void> {
  await tx.execute('SELECT 1 FROM workers WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [workerIds])
}

/**
 * Builds ended through their worker's fault: it counts, and a worker that has failed too often in a row is quarantined, each time for longer.
 * What began before its last failure was broken by that one and does not count again. The caller has locked the workers.
 */
export async function blameWorkers(tx: Transaction, blames: Blame[]): Promise<void> {
  if (blames.length === 0) return
  const reasonOf = new Map(blames.map(blame => [blame.buildId, storableText(blame.why).slice(0, 1000)]))
  const failed = await tx.query<BlamedWorker & { build_id: number }>(
    `SELECT DISTINCT ON (w.id) w.id, b.id AS build_id, w.quarantine, 1 + CASE WHEN ${provenSince('$2')} THEN 0 ELSE w.failures END AS failures
     FROM builds b JOIN workers w ON w.id = b.worker_id WHERE b.id = ANY($1) AND (w.failed_at IS NULL OR b.started_at > w.failed_at) ORDER BY w.id, b.id`,
    [[...reasonOf.keys()], provingResults])
  for (const worker of failed) await countFailure(tx, { ...worker, reason: reasonOf.get(worker.build_id) ?? '' })
}

async function countFailure(tx: Transaction, { id, failures, quarantine, reason }: BlamedWorker): Promise<void> {
  const seconds = quarantineSeconds(quarantine, failures)
  const [row] = await tx.query<{ version: number }>(
    `UPDATE workers SET failures = $2, failed_at = clock_timestamp(), quarantined_until = clock_timestamp() + make_interval(secs => $3),
       quarantine_reason = CASE WHEN $3::float IS NULL THEN NULL ELSE $4 END, version = version + 1
     WHERE id = $1 RETURNING version`, [id, failures, seconds, reason])
  if (row) tx.publish({ type: 'worker.state_updated', id, version: row.version, project: null })
}

/** A build of the worker w has come to an end of its own since the last failure. Of the newest ones: older ones ended before. */
const provenSince = (proving: '$1' | '$2') => `EXISTS (
  SELECT 1 FROM (SELECT complete_at, results FROM builds WHERE worker_id = w.id ORDER BY id DESC LIMIT 100) n
  WHERE n.complete_at > w.failed_at AND n.results = ANY(${proving}))`

/** Workers that have built since their last failure are as good as any. Returns how many there were. */
export async function forgiveProvenWorkers(tx: Transaction): Promise<number> {
  const ids = await tx.query<{ id: number }>(
    `SELECT w.id FROM workers w WHERE w.failures > 0 AND ${provenSince('$1')} ORDER BY w.id FOR NO KEY UPDATE SKIP LOCKED`, [provingResults])
  return forgive(tx, ids.map(row => row.id))
}

/** Somebody says that the worker is well again. Returns false when there is none of this id. */
export async function unquarantineWorker(tx: Transaction, { workerId }: { workerId: number }): Promise<boolean> {
  return await forgive(tx, [workerId]) === 1
}

/** Its failures were those of a machine that it has no more. The caller has locked it. */
export async function forgiveWorker(tx: Transaction, workerId: number): Promise<void> {
  const [failed] = await tx.query('SELECT 1 FROM workers WHERE id = $1 AND failures > 0', [workerId])
  if (failed) await forgive(tx, [workerId])
}

async function forgive(tx: Transaction, workerIds: number[]): Promise<number> {
  if (workerIds.length === 0) return 0
  const forgiven = await tx.query<{ id: number; version: number }>(
    `UPDATE workers SET failures = 0, failed_at = NULL, quarantined_until = NULL, quarantine_reason = NULL, version = version + 1
     WHERE id = ANY($1) RETURNING id, version`, [workerIds])
  for (const worker of forgiven) tx.publish({ type: 'worker.state_updated', ...worker, project: null })
  if (forgiven.length > 0) tx.wake('requests')
  return forgiven.length
}
