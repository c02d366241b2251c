import type { Provisioning } from '../deps.js'

type Left = { pool: string; machines: number; perHour: number | null; currency: string | null }

/** Said when the last provisioner of a set stops: nobody removes its machines until one runs again, and they are paid for meanwhile. Those on this host are not meant. */
export async function tellWhatStays({ db, logger, set, replicaId }: Pick<Provisioning, 'db' | 'logger' | 'set' | 'replicaId'>): Promise<void> {
  const { rows } = await db.pool.query<Left>(
    `SELECT p.name AS pool, count(*)::int AS machines, sum(i.price_per_hour) AS "perHour", min(i.currency) AS currency
     FROM instances i JOIN worker_pools p ON p.id = i.pool_id
     WHERE i.gone_at IS NULL AND i.created_at IS NOT NULL AND i.provider <> 'process' AND p.set_name = $1
       AND NOT EXISTS (SELECT FROM replicas r WHERE r.role = 'latent-worker-provisioner' AND r.state = 'alive' AND r.id <> $2 AND $1 = ANY(r.sets))
     GROUP BY p.name ORDER BY p.name`, [set, replicaId])
  for (const left of rows) logger.warn(left, 'machines stay without a provisioner: none is removed until one runs again')
}
