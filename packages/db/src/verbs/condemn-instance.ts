import type { FailureClass } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { forgiveWorker, lockWorkers } from './blame-workers.js'
import { endWorkerBuilds } from './end-worker-builds.js'

export type Condemning = {
  instanceId: number
  /** Why it is to go, for people. */
  reason: string
  /** A machine with a build: 'leave' it alone, 'retire' it (no further build, it goes when it has none), or end its builds RETRY with the reason and take it at once. */
  building: 'leave' | 'retire' | 'retry'
  /** It was looked at when it had been given so many builds: one that it was given since is a reason to keep it. */
  uses?: number
  /** The machine has failed. */
  failure?: { class: FailureClass; message: string }
}

/** unwanted: it was condemned before, or there is none of this id. used: it has been given a build since it was looked at. */
export type Condemned = 'condemned' | 'retiring' | 'building' | 'used' | 'unwanted'

type Row = { desired: string; uses: number; retire_reason: string | null; builds: number; session: number | null }

/**
 * A machine is wanted gone, for good. Whoever claims for its worker holds the worker's session, and so does this: either the claim sees that
 * the machine is not wanted, or this sees the build. So a machine with a build is taken only where that is asked for. The session is over with the machine: its
 * number is raised, and whatever engine has the connection lets it go.
 */
export async function condemnInstance(tx: Transaction, condemning: Condemning): Promise<Condemned> {
  const { instanceId, building, uses, failure } = condemning
  const reason = storableText(condemning.reason).slice(0, 1000)
  const [known] = await tx.query<{ worker_id: number }>('SELECT worker_id FROM instances WHERE id = $1', [instanceId])
  if (!known) return 'unwanted'
  await lockWorkers(tx, [known.worker_id])
  await tx.execute('SELECT 1 FROM worker_sessions WHERE worker_id = $1 FOR UPDATE', [known.worker_id])
  await tx.execute('SELECT 1 FROM instances WHERE id = $1 FOR UPDATE', [instanceId])
  // A statement of its own: a claim that held the session until now has written its build.
  const [row] = await tx.query<Row>(
    `SELECT i.desired, i.uses, i.retire_reason, (SELECT count(*) FROM builds b WHERE b.worker_id = i.worker_id AND b.complete_at IS NULL AND coalesce(b.instance_id, i.id) = i.id)::int AS builds,
       (SELECT s.number FROM worker_sessions s WHERE s.worker_id = i.worker_id AND coalesce(s.instance_id, i.id) = i.id) AS session
     FROM instances i WHERE i.id = $1`, [instanceId])
  if (row?.desired !== 'running') return 'unwanted'
  if (row.builds > 0 && building === 'leave') return 'building'
  if (row.builds > 0 && building === 'retire') return retire(tx, instanceId, row.retire_reason ?? reason)
  if (uses !== undefined && row.uses !== uses) return 'used'
  const [instance] = await tx.query<{ id: number; version: number }>(
    `UPDATE instances SET desired = 'gone', condemned_at = now(), end_reason = $2, failure_class = coalesce($3, failure_class), failure = coalesce($4, failure), tries = 0, retry_at = NULL,
       version = version + 1 WHERE id = $1 RETURNING id, version`, [instanceId, reason, failure?.class ?? null, failure ? storableText(failure.message).slice(0, 2000) : null])
  if (row.session !== null) await endSession(tx, known.worker_id)
  if (row.builds > 0) await endWorkerBuilds(tx, [known.worker_id], { stateString: reason, how: null })
  await forgiveWorker(tx, known.worker_id)
  tx.publish({ type: 'instance.updated', ...instance!, project: null })
  tx.wake('instances')
  tx.wake('requests')
  return 'condemned'
}

/** The same of the machine that this latent worker has now, if it has one. The caller has locked the worker, or nothing. */
export async function condemnMachineOf(tx: Transaction, { workerId, ...how }: Omit<Condemning, 'instanceId'> & { workerId: number }): Promise<void> {
  const [instance] = await tx.query<{ id: number }>(`SELECT id FROM instances WHERE worker_id = $1 AND holds_slot AND desired = 'running'`, [workerId])
  if (instance) await condemnInstance(tx, { ...how, instanceId: instance.id })
}

async function retire(tx: Transaction, instanceId: number, reason: string): Promise<'retiring'> {
  const [changed] = await tx.query<{ id: number; version: number }>(
    'UPDATE instances SET retire_reason = $2, version = version + 1 WHERE id = $1 AND retire_reason IS DISTINCT FROM $2 RETURNING id, version', [instanceId, reason])
  if (changed) tx.publish({ type: 'instance.updated', ...changed, project: null })
  if (changed) tx.wake('instances')
  return 'retiring'
}

async function endSession(tx: Transaction, workerId: number): Promise<void> {
  await tx.execute(
    `UPDATE worker_sessions SET number = number + 1, replica_id = NULL, disconnected_at = CASE WHEN connected THEN now() ELSE disconnected_at END, connected = false
     WHERE worker_id = $1`, [workerId])
  const [worker] = await tx.query<{ id: number; version: number }>('UPDATE workers SET version = version + 1 WHERE id = $1 RETURNING id, version', [workerId])
  tx.publish({ type: 'worker.disconnected', ...worker!, project: null })
}
