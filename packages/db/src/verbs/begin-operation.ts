import type { Json, Operation } from '@yardmaster/domain'
import { storableJson } from '../storable.js'
import type { Transaction } from '../transaction.js'

export type Begun = { attempt: number; tries: number }

export type OperationBegin = {
  id: number
  operation: Operation
  replicaId: number
  /** Of a machine that is created now: SHA-256 of what its worker signs in with, unless the configuration says; and what it is made of, without secrets. */
  passwordHash?: string | null
  options?: { [name: string]: Json }
  fingerprint?: string | null
}

const WHEN: { [operation in Operation]: string } = {
  create: `desired = 'running' AND external_id IS NULL AND unsure_since IS NULL`,
  remove: `desired = 'gone' AND external_id IS NOT NULL`,
}

/**
 * This replica begins to ask an instance's provider: from here on nobody else does, until it ends that (`endOperation`) or is buried. Null: it is not to be
 * done any more, or not yet.
 */
export async function beginOperation(tx: Transaction, begin: OperationBegin): Promise<Begun | null> {
  const [row] = await tx.query<Begun & { version: number }>(
    `UPDATE instances SET operation = $2, operation_replica_id = $3, operation_since = now(), version = version + 1,
       password_hash = CASE WHEN $2 = 'create' THEN $4 ELSE password_hash END, options = coalesce($5::jsonb, options), fingerprint = CASE WHEN $5::jsonb IS NULL THEN fingerprint ELSE $6 END
     WHERE id = $1 AND gone_at IS NULL AND operation IS NULL AND (retry_at IS NULL OR retry_at <= now()) AND ${WHEN[begin.operation]}
     RETURNING attempt, tries, version`, [begin.id, begin.operation, begin.replicaId, begin.passwordHash ?? null, begin.options ? storableJson(begin.options) : null, begin.fingerprint ?? null])
  if (!row) return null
  tx.publish({ type: 'instance.updated', id: begin.id, version: row.version, project: null })
  return { attempt: row.attempt, tries: row.tries }
}
