import type { Transaction } from '../transaction.js'
import { newerStatus } from './end-attempt.js'

const GONE = 'the process that sent it ended meanwhile: whether it arrived is not known'

/** What a replica was sending when it ended may have arrived or not: a status is sent again, a message stays unknown unless its reporter says otherwise. The lines behind go on. */
export async function freeAttempts(tx: Transaction, { replicaId }: { replicaId: number }): Promise<number> {
  const freed = await tx.query<{ id: number; version: number; attempts: number; build_id: number | null }>(
    `UPDATE notifications n SET version = version + 1, replica_id = NULL, detail = $2, due_at = now(), ended_at = CASE WHEN f.state = 'waiting' THEN NULL ELSE now() END, state = f.state
     FROM (SELECT id, CASE WHEN delivery = 'message' AND on_unknown = 'stop' THEN 'unknown' WHEN delivery = 'status' AND ${newerStatus('s')} THEN 'superseded' ELSE 'waiting' END AS state
       FROM notifications s WHERE replica_id = $1 AND state = 'sending' ORDER BY id FOR NO KEY UPDATE) f
     WHERE n.id = f.id RETURNING n.id, n.version, n.attempts, n.build_id`, [replicaId, GONE])
  if (freed.length === 0) return 0
  await tx.execute(
    `UPDATE notification_attempts a SET ended_at = now(), outcome = 'unknown', detail = $3 FROM unnest($1::bigint[], $2::int[]) AS f(id, number)
     WHERE a.notification_id = f.id AND a.number = f.number`, [freed.map(row => row.id), freed.map(row => row.attempts), GONE])
  for (const row of freed) tx.publish({ type: 'notification.updated', id: row.id, version: row.version, project: null, parents: row.build_id === null ? {} : { build: row.build_id } })
  tx.wake('notifications')
  return freed.length
}
