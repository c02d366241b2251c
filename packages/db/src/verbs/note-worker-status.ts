import type { Transaction } from '../transaction.js'

export type WorkerStatus = { load1: number; diskFreeBytes: number; memoryFreeBytes: number }

/**
 * What workers of this replica say of their load, many in one statement. Nobody is told: it is read by who looks. Workers that
 * somebody else is changing at this moment are left out; they say it again.
 */
export async function noteWorkerStatus(tx: Transaction, replicaId: number, reports: { workerId: number; status: WorkerStatus }[]): Promise<void> {
  if (reports.length === 0) return
  await tx.execute(
    `WITH told AS (SELECT * FROM jsonb_to_recordset($2::jsonb) AS t("workerId" bigint, status jsonb)),
     held AS (SELECT w.id, t.status FROM told t JOIN workers w ON w.id = t."workerId" JOIN worker_sessions s ON s.worker_id = w.id AND s.replica_id = $1
       ORDER BY w.id FOR NO KEY UPDATE OF w SKIP LOCKED)
     UPDATE workers w SET status = held.status || jsonb_build_object('at', floor(extract(epoch FROM now()) * 1000)) FROM held WHERE w.id = held.id`,
    [replicaId, JSON.stringify(reports)])
}
