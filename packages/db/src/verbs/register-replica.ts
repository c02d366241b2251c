import type { EngineLimits } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'

export type NewReplica = { role: string; name: string; host: string; pid: number; softwareVersion: string; sets?: string[]; limits?: EngineLimits | null; workerUrl?: string | null }

/** A process begins a life of its role. Its id is its epoch: a buried process comes back as a new row. */
export async function registerReplica(tx: Transaction, replica: NewReplica): Promise<number> {
  const [row] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO replicas (role, name, host, pid, software_version, sets, limits, worker_url) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8) RETURNING id, version`,
    [replica.role, replica.name, replica.host, replica.pid, replica.softwareVersion, replica.sets ?? [], replica.limits ? JSON.stringify(replica.limits) : null, replica.workerUrl ?? null])
  tx.publish({ type: 'master.started', id: row!.id, version: row!.version, project: null })
  return row!.id
}
