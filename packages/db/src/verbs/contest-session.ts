import type { Transaction } from '../transaction.js'

export type Holder = { number: number; host: string | null; since: Date; engine: string }

/**
 * Another process wants a worker's session that is connected: whoever holds it is to find out whether its own process lives.
 * Null when it is free by now. The worker's rows are as they were.
 */
export async function contestSession(tx: Transaction, workerId: number): Promise<Holder | null> {
  const [holder] = await tx.query<Holder>(
    `UPDATE worker_sessions s SET contested_at = coalesce(s.contested_at, now()) FROM workers w, replicas r
     WHERE s.worker_id = $1 AND s.connected AND w.id = s.worker_id AND r.id = s.replica_id AND r.state = 'alive'
     RETURNING s.number, w.info->>'hostname' AS host, s.connected_at AS since, r.name AS engine`, [workerId])
  if (!holder) return null
  tx.wake('controls')
  return holder
}

/** The holder's process lives: it keeps the session. */
export async function keepSession(tx: Transaction, session: { workerId: number; number: number }): Promise<void> {
  await tx.execute('UPDATE worker_sessions SET contested_at = NULL WHERE worker_id = $1 AND number = $2', [session.workerId, session.number])
}
