import { storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'

/** Says of a pool why it starts nothing now though builds wait; `why` null: nothing is in the way (any more). `until`: epoch ms when it is over. Returns whether it was said anew. */
export async function tellObstacle(tx: Transaction, { poolId, why, until }: { poolId: number; why: string | null; until: number | null }): Promise<boolean> {
  const [pool] = await tx.query<{ version: number }>(
    `UPDATE worker_pools SET obstacle = $2, obstacle_until = to_timestamp($3 / 1000.0), version = version + 1 WHERE id = $1 AND obstacle IS DISTINCT FROM $2 RETURNING version`,
    [poolId, why === null ? null : storableText(why).slice(0, 1000), until])
  if (pool) tx.publish({ type: 'pool.updated', id: poolId, version: pool.version, project: null })
  return pool !== undefined
}
