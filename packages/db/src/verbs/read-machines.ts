import type { Desired, InstanceFacts, Observed, Operation } from '@yardmaster/domain'
import type { Database } from '../database.js'

/** A slot of a pool, and the machine that has it. */
export type Slot = {
  workerId: number
  worker: string
  poolId: number
  pool: string
  machine: SlotMachine | null
}

export type SlotMachine = InstanceFacts & {
  fingerprint: string | null
  uses: number
  retireReason: string | null
  /** Since it was wanted, in seconds. */
  age: number
}

type Row = Omit<Slot, 'machine'> & Omit<SlotMachine, 'gone'> & { instanceId: number | null; desired: Desired; observed: Observed; operation: Operation | null }

/** The slots of these workers (or of all that there are), as far as they are latent. */
export async function readSlots(db: Database, workerIds: readonly number[] | null): Promise<Slot[]> {
  const { rows } = await db.pool.query<Row>(
    `SELECT w.id AS "workerId", w.name AS worker, p.id AS "poolId", p.name AS pool, i.id AS "instanceId", i.desired, i.observed, i.operation, i.unsure_since IS NOT NULL AS unsure, i.fingerprint, i.uses,
       i.retire_reason AS "retireReason", extract(epoch FROM now() - i.requested_at)::float8 AS age, coalesce(s.connected AND s.instance_id = i.id, false) AS connected
     FROM workers w JOIN worker_pools p ON p.id = w.pool_id JOIN worker_sessions s ON s.worker_id = w.id LEFT JOIN instances i ON i.worker_id = w.id AND i.holds_slot
     WHERE w.active AND ($1::bigint[] IS NULL OR w.id = ANY($1)) ORDER BY w.id`, [workerIds])
  return rows.map(({ workerId, worker, poolId, pool, instanceId, ...machine }) => ({ workerId, worker, poolId, pool, machine: instanceId === null ? null : { ...machine, gone: false } }))
}
