import type { Database } from '../database.js'

/** Why a pool starts nothing now. `forMs`: for so long; null: it is not known. */
export type PoolObstacle = { pool: string; why: string; forMs: number | null }

/** What was said last of the active pools that start nothing; of all of them, when nobody is there who could start something. */
export async function readObstacles(db: Database): Promise<PoolObstacle[]> {
  const { rows } = await db.pool.query<PoolObstacle>(
    `WITH nobody AS (SELECT NOT EXISTS (SELECT 1 FROM replicas WHERE role = 'latent-worker-provisioner' AND state = 'alive') AS lives)
     SELECT p.name AS pool, CASE WHEN nobody.lives THEN 'a machine of pool ' || p.name || ': no latent-worker-provisioner is running that could start one' ELSE p.obstacle END AS why,
       CASE WHEN NOT nobody.lives THEN (extract(epoch FROM p.obstacle_until - now()) * 1000)::float8 END AS "forMs"
     FROM worker_pools p, nobody WHERE p.active AND (p.obstacle IS NOT NULL OR nobody.lives)`)
  return rows
}
