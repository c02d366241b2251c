import type { Transaction } from '../transaction.js'

export type NewReplica = { role: string; name: string; host: string; pid: number; softwareVersion: string }

/** A process begins a life of its role. Its id is its epoch: a buried process comes back as a new row. */
export async function registerReplica(tx: Transaction, replica: NewReplica): Promise<number> {
  const [row] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO replicas (role, name, host, pid, software_version) VALUES ($1, $2, $3, $4, $5) RETURNING id, version`,
    [replica.role, replica.name, replica.host, replica.pid, replica.softwareVersion])
  tx.publish({ type: 'master.started', id: row!.id, version: row!.version, project: null })
  return row!.id
}
