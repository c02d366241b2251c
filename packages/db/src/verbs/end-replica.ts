import type { Transaction } from '../transaction.js'
import { endWorkerBuilds } from './end-worker-builds.js'
import { freeAttempts } from './free-attempts.js'
import { freeOperations } from './free-operations.js'

/**
 * A replica's life ends: by itself (`stopped`) or because a peer saw its beat stand still at `beat` (`dead`).
 * Its worker sessions are raised, so that nothing it still believes can be written; the builds stay with their workers
 * and are taken over when those connect anywhere, or retried when they do not. On stock workers, which cannot resume, they are retried at once.
 * What it was doing to machines, and was sending, is free for others.
 * Returns false when it had ended already, its beat has moved, or it is just writing: whoever holds its row is not dead, or is given up by the database soon.
 */
export async function endReplica(tx: Transaction, end: { id: number; state: 'stopped' | 'dead'; beat?: number }): Promise<boolean> {
  if (end.state === 'dead') {
    const [still] = await tx.query(`SELECT 1 FROM replicas WHERE id = $1 AND state = 'alive' FOR UPDATE SKIP LOCKED`, [end.id])
    if (!still) return false
  }
  const [row] = await tx.query<{ version: number }>(
    `UPDATE replicas SET state = $2, stopped_at = now(), version = version + 1
     WHERE id = $1 AND state = 'alive' AND ($3::bigint IS NULL OR beat = $3) RETURNING version`,
    [end.id, end.state, end.beat ?? null])
  if (!row) return false
  await tx.execute('DELETE FROM duties WHERE replica_id = $1', [end.id])
  await tx.execute('SELECT 1 FROM workers WHERE id IN (SELECT worker_id FROM worker_sessions WHERE replica_id = $1) ORDER BY id FOR NO KEY UPDATE', [end.id])
  const sessions = await tx.query<{ worker_id: number; protocol: string }>(
    `SELECT worker_id, protocol FROM worker_sessions WHERE replica_id = $1 ORDER BY worker_id FOR UPDATE`, [end.id])
  await freeOperations(tx, { replicaId: end.id })
  await freeAttempts(tx, { replicaId: end.id })
  if (sessions.length > 0) {
    const workers = sessions.map(session => session.worker_id)
    const versions = await tx.query<{ id: number; version: number }>(
      `UPDATE workers SET version = version + 1 WHERE id = ANY($1) RETURNING id, version`, [workers])
    await tx.execute(
      `UPDATE worker_sessions SET number = number + 1, replica_id = NULL, connected = false, disconnected_at = now() WHERE worker_id = ANY($1)`, [workers])
    await endWorkerBuilds(tx, sessions.filter(session => session.protocol === 'msgpack').map(session => session.worker_id), { stateString: 'engine lost: a stock worker cannot resume', how: null })
    for (const worker of versions) tx.publish({ type: 'worker.disconnected', id: worker.id, version: worker.version, project: null })
  }
  tx.publish({ type: 'master.stopped', id: end.id, version: row.version, project: null })
  tx.wake('requests')
  return true
}
