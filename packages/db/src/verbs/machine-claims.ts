import type { Transaction } from '../transaction.js'

/** What a machine may take: builds in all, and seconds since it was wanted in which it gets one; null: no limit. */
export type MachineLimits = { maxUses: number | null; maxAge: number | null }

type MachineClaim = { requestId: number; machine?: MachineLimits | null }
type OnInstance = { worker_id: number; instance_id: number | null }
type InstanceRow = { id: number; pool_id: number; fingerprint: string | null; uses: number; age: number }

export type OpenMachines = {
  /** Whether the machine takes one more: it is wanted, made for such a build, and not used up. Counts it. */
  take(instanceId: number | null, claim: MachineClaim): boolean
}

/**
 * The machines of sessions that the caller holds. A statement of its own, after the sessions are locked: whoever condemns a machine locks its session first, and
 * what was read along with the lock would be from before that.
 */
export async function openMachines(tx: Transaction, sessions: readonly OnInstance[], claims: readonly (MachineClaim & { workerId: number })[]): Promise<OpenMachines> {
  const ids = sessions.flatMap(session => session.instance_id ?? [])
  if (ids.length === 0) return { take: () => false }
  const rows = await tx.query<InstanceRow>(
    `SELECT id, pool_id, fingerprint, uses, extract(epoch FROM now() - requested_at)::float8 AS age FROM instances WHERE id = ANY($1) AND desired = 'running' AND retire_reason IS NULL`, [ids])
  const machines = new Map(rows.map(row => [row.id, row]))
  const asked = await fingerprintsOf(tx, rows, claims)
  return {
    take(instanceId, { requestId, machine: limits }) {
      const machine = machines.get(instanceId ?? 0)
      if (!machine || machine.uses >= (limits?.maxUses ?? Infinity) || machine.age >= (limits?.maxAge ?? Infinity)) return false
      if (machine.fingerprint !== null && asked.get(`${requestId}/${machine.pool_id}`) !== machine.fingerprint) return false
      machine.uses += 1
      return true
    },
  }
}

async function fingerprintsOf(tx: Transaction, machines: readonly InstanceRow[], claims: readonly MachineClaim[]): Promise<Map<string, string | null>> {
  const pools = machines.filter(machine => machine.fingerprint !== null).map(machine => machine.pool_id)
  if (pools.length === 0) return new Map()
  const rows = await tx.query<{ request_id: number; pool_id: number; fingerprint: string | null }>(
    'SELECT request_id, pool_id, fingerprint FROM request_machines WHERE request_id = ANY($1) AND pool_id = ANY($2)', [claims.map(claim => claim.requestId), pools])
  return new Map(rows.map(row => [`${row.request_id}/${row.pool_id}`, row.fingerprint]))
}

/** Builds begin on these machines, one for each time that one is named. */
export async function useInstances(tx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  await tx.execute('SELECT 1 FROM instances WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [[...counts.keys()]])
  const used = await tx.query<{ id: number; version: number }>(
    `UPDATE instances i SET uses = i.uses + c.count, idle_since = NULL, version = i.version + 1 FROM unnest($1::bigint[], $2::int[]) AS c(id, count) WHERE i.id = c.id RETURNING i.id, i.version`,
    [[...counts.keys()], [...counts.values()]])
  for (const instance of used) tx.publish({ type: 'instance.updated', ...instance, project: null })
}

/** Builds of these machines have ended: those that have none left are idle from now on. The caller holds their workers' sessions. */
export async function idleInstances(tx: Transaction, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await tx.execute('SELECT 1 FROM instances WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE', [[...new Set(ids)]])
  const idle = await tx.query<{ id: number; version: number }>(
    `UPDATE instances i SET idle_since = now(), version = version + 1
     WHERE id = ANY($1) AND NOT EXISTS (SELECT 1 FROM builds b WHERE b.worker_id = i.worker_id AND b.instance_id = i.id AND b.complete_at IS NULL) RETURNING id, version`, [[...new Set(ids)]])
  for (const instance of idle) tx.publish({ type: 'instance.updated', ...instance, project: null })
  tx.wake('instances')
}
