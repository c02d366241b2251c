import type { FailureClass, InstanceFailure, Machine, Operation } from '@yardmaster/domain'
import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { notePoolFailure } from './note-pool-failure.js'

export type OperationOutcome =
  | { kind: 'created'; machine: Machine }
  /** Whether it was created is not known. */
  | { kind: 'unknown'; failure: string }
  /** It was not created, by what the provider says: its worker's place is free. It is looked for all the same, since providers have said so of what was there; not where none was `asked`. */
  | { kind: 'refused'; failure: InstanceFailure; asked: boolean }
  /** Not done yet: the same once more, after so many ms. */
  | { kind: 'again'; failure: InstanceFailure | null; afterMs: number }
  | { kind: 'removed' }

export type OperationEnd = { id: number; operation: Operation; replicaId: number; outcome: OperationOutcome }

/** What of a pool is stopped by a failure of one of its machines. */
const OF_THE_POOL: readonly FailureClass[] = ['backoff', 'alert']

/** What came of an operation that this replica began. False when it is not its own any more: it was buried meanwhile, and others see to it. */
export async function endOperation(tx: Transaction, { id, operation, replicaId, outcome }: OperationEnd): Promise<boolean> {
  const { set, parameters } = changes(operation, outcome)
  const failure = outcome.kind === 'refused' ? outcome.failure : null
  const ofPool = failure !== null && OF_THE_POOL.includes(failure.class)
  // Pools before instances.
  const [pool] = ofPool ? await tx.query<{ id: number; current: boolean }>(
    `SELECT p.id, i.generation_id = s.active_generation_id AS current FROM worker_pools p JOIN instances i ON i.pool_id = p.id JOIN configuration_sets s ON s.name = p.set_name
     WHERE i.id = $1 FOR NO KEY UPDATE OF p`, [id]) : []
  const [row] = await tx.query<{ version: number }>(
    `UPDATE instances SET operation = NULL, operation_replica_id = NULL, operation_since = NULL, version = version + 1, ${set}
     WHERE id = $1 AND operation = $2 AND operation_replica_id = $3 AND gone_at IS NULL RETURNING version`, [id, operation, replicaId, ...parameters])
  if (!row) return false
  // Credentials that the configuration does not have any more are nothing that somebody has to look at.
  if (pool && failure && (pool.current || failure.class !== 'alert')) await notePoolFailure(tx, { poolId: pool.id, failure })
  tx.publish({ type: outcome.kind === 'removed' ? 'instance.gone' : 'instance.updated', id, version: row.version, project: null })
  tx.wake('instances')
  return true
}

function changes(operation: Operation, outcome: OperationOutcome): { set: string; parameters: unknown[] } {
  switch (outcome.kind) {
    case 'created': {
      const { id, state, detail, zone, plan, address, storages } = outcome.machine
      return {
        set: `external_id = $4, observed = $5, observed_at = now(), detail = $6, zone = coalesce($7, zone), plan = coalesce($8, plan), address = $9, storages = $10, created_at = coalesce(created_at, now()),
          started_at = CASE WHEN $5 = 'running' THEN coalesce(started_at, now()) ELSE started_at END, unsure_since = NULL, tries = 0, retry_at = NULL, failure = NULL, failure_class = NULL`,
        parameters: [id, state, storableText(detail), zone, plan, address, storages],
      }
    }
    case 'unknown':
      return { set: `unsure_since = now(), observed = 'unknown', observed_at = now(), tries = tries + 1, failure = $4, failure_class = 'retry'`, parameters: [storableText(outcome.failure)] }
    case 'refused':
      return {
        set: `desired = 'gone', condemned_at = coalesce(condemned_at, now()), holds_slot = false, unsure_since = CASE WHEN $6 OR tries > 0 THEN now() END, tries = tries + 1, failure = $4, failure_class = $5,
          end_reason = coalesce(end_reason, $4)`,
        parameters: [storableText(outcome.failure.message), outcome.failure.class, outcome.asked],
      }
    case 'again':
      return {
        set: `tries = CASE WHEN $4::text IS NULL THEN tries ELSE tries + 1 END, failure = coalesce($4, failure), failure_class = coalesce($5, failure_class), retry_at = now() + make_interval(secs => $6 / 1000.0)`,
        // How a machine failed says what becomes of its pool and of requests for its like. One that cannot be removed yet has not failed by that.
        parameters: [outcome.failure && storableText(outcome.failure.message), operation === 'create' ? outcome.failure?.class ?? null : null, outcome.afterMs],
      }
    case 'removed':
      return { set: `gone_at = now(), holds_slot = false, observed = 'absent', observed_at = now(), retry_at = NULL, idle_since = NULL`, parameters: [] }
  }
}
