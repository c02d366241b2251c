import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** What a request would have of a pool. `problem`: why that could not be told; its fingerprint is null then. */
export type RequestMachine = { requestId: number; poolId: number; fingerprint: string | null; problem: string | null }

/** Notes what machines of pools whose options depend on the build would be made of, for requests that are pending; claims compare it. What an older generation said gives way, what a newer one says stays. Returns how many were written. */
export async function writeRequestMachines(tx: Transaction, generationId: number, machines: readonly RequestMachine[]): Promise<number> {
  if (machines.length === 0) return 0
  const rows = machines.map(({ requestId, poolId, fingerprint, problem }) => ({ request_id: requestId, pool_id: poolId, fingerprint, problem: problem === null ? null : storableText(problem).slice(0, 2000) }))
  const written = await tx.execute(
    `INSERT INTO request_machines (request_id, pool_id, generation_id, fingerprint, problem)
     SELECT m.request_id, m.pool_id, $2, m.fingerprint, m.problem FROM jsonb_to_recordset($1::jsonb) AS m(request_id bigint, pool_id bigint, fingerprint text, problem text)
     JOIN build_requests r ON r.id = m.request_id AND r.state = 'pending' ORDER BY m.request_id, m.pool_id
     ON CONFLICT (request_id, pool_id) DO UPDATE SET generation_id = excluded.generation_id, fingerprint = excluded.fingerprint, problem = excluded.problem
     WHERE request_machines.generation_id <= excluded.generation_id`, [JSON.stringify(rows), generationId])
  if (written > 0) tx.wake('requests')
  return written
}
