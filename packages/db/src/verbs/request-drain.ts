import type { Transaction } from '../transaction.js'

/** The process itself ends (a signal, or nothing is left to drain): that cannot be undone. */
export const STOPPING = 'system:stop'

export type DrainRequest = {
  replicaId: number
  actor: string
  /** Until what cannot be handed over is given up; null: as long as it takes. */
  deadlineSeconds: number | null
}

/**
 * An engine is to drain. Asked again, the newest deadline counts; a process that stops for itself only ever brings it nearer.
 * Returns false when there is no living engine of this id.
 */
export async function requestDrain(tx: Transaction, { replicaId, actor, deadlineSeconds }: DrainRequest): Promise<boolean> {
  const asked = await tx.execute(
    `UPDATE replicas SET version = version + 1,
       drain_requested_at = coalesce(drain_requested_at, now()),
       drain_deadline = CASE WHEN $3 = $4 THEN least(drain_deadline, now() + make_interval(secs => $2)) ELSE now() + make_interval(secs => $2) END,
       drain_actor = CASE WHEN drain_actor = $4 THEN drain_actor ELSE $3 END
     WHERE id = $1 AND state = 'alive' AND role = 'engine'`, [replicaId, deadlineSeconds, actor, STOPPING])
  if (asked === 0) return false
  tx.wake('controls')
  return true
}

/** Returns false when it does not drain, or its process is ending already. */
export async function cancelDrain(tx: Transaction, { replicaId }: { replicaId: number }): Promise<boolean> {
  const cancelled = await tx.execute(
    `UPDATE replicas SET version = version + 1, drain_requested_at = NULL, drain_deadline = NULL, drain_actor = NULL
     WHERE id = $1 AND state = 'alive' AND drain_requested_at IS NOT NULL AND drain_actor <> $2`, [replicaId, STOPPING])
  if (cancelled === 0) return false
  tx.wake('controls')
  return true
}

/** Nothing is left on a draining engine: from here on it ends. Returns false when the drain was cancelled: it works on. */
export async function sealDrain(tx: Transaction, { replicaId }: { replicaId: number }): Promise<boolean> {
  return await tx.execute('UPDATE replicas SET drain_actor = $2, version = version + 1 WHERE id = $1 AND drain_requested_at IS NOT NULL', [replicaId, STOPPING]) === 1
}
