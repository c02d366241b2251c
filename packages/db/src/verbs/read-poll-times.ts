import type { Database } from '../database.js'

export type PollTime = {
  id: number
  name: string
  claim: number
  /** Null: nobody knows. Not more than 0: now. */
  dueInMs: number | null
  /** By a replica that lives, other than the one that asks. */
  held: boolean
}

/** When which source of a set is to be polled, for a replica that is polling `underWay`. */
export async function readPollTimes(db: Database, { set, replicaId, underWay }: { set: string; replicaId: number; underWay: number[] }): Promise<PollTime[]> {
  const { rows } = await db.pool.query<PollTime>(
    `SELECT s.id, s.name, s.claim, r.id IS NOT NULL AND s.holder_id <> $2 AS held,
       CASE WHEN s.asked OR s.holder_id IS NOT NULL THEN 0 ELSE (extract(epoch FROM s.due_at - now()) * 1000)::float8 END AS "dueInMs"
     FROM change_sources s LEFT JOIN replicas r ON r.id = s.holder_id AND r.state = 'alive'
     WHERE s.active AND s.set_name = $1 AND NOT s.id = ANY($3)`, [set, replicaId, underWay])
  return rows
}
