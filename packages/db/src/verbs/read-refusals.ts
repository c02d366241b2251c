import type { Refusal, RequestOfPools } from '@yardmaster/domain'
import type { Database } from '../database.js'

/** No machine could be made of the options of instance `i`. Believed for a while: what a configuration names may come to be without a change of the configuration. */
export const REFUSED = `i.failure_class = 'configuration' AND i.condemned_at > now() - interval '10 min'`

/** Machines are made for the requests that are next. */
const MOST_SEARCHED = 1_000

/** What no machine could be made of, as the generation has it, and why: of the active pools. */
export async function readRefusals(db: Database, generationId: number): Promise<Refusal[]> {
  const { rows } = await db.pool.query<Refusal>(
    `SELECT DISTINCT ON (p.id, i.fingerprint) p.id AS pool, i.fingerprint, coalesce(i.failure, 'no machine can be made of its options') AS why
     FROM worker_pools p JOIN instances i ON i.pool_id = p.id WHERE p.active AND ${REFUSED} AND i.generation_id = $1 ORDER BY p.id, i.fingerprint, i.id DESC`, [generationId])
  return rows
}

/**
 * Pending requests with what they would have of pools whose options depend on the build: of each of these builders as many as are next. Only those of which some options could not be rendered, or
 * were refused; of the `hopeless` builders all.
 */
export async function readDoubtful(db: Database, { generationId, builders, hopeless, limit }: { generationId: number; builders: readonly string[]; hopeless: readonly string[]; limit: number }): Promise<RequestOfPools[]> {
  const { rows } = await db.pool.query<RequestOfPools>(
    `SELECT r.id, b.key AS "builderKey", coalesce(m.machines, '[]') AS machines
     FROM builders b CROSS JOIN LATERAL (
       SELECT p.id FROM (SELECT id FROM build_requests WHERE builder_id = b.id AND state = 'pending' AND hold IS NULL ORDER BY priority DESC, submitted_at, id LIMIT ${MOST_SEARCHED}) p
       WHERE b.key = ANY($3) OR EXISTS (SELECT 1 FROM request_machines x WHERE x.request_id = p.id AND x.generation_id = $1 AND (x.problem IS NOT NULL OR EXISTS (
         SELECT 1 FROM instances i WHERE i.pool_id = x.pool_id AND i.fingerprint = x.fingerprint AND ${REFUSED} AND i.generation_id = $1))) LIMIT $4) r
     CROSS JOIN LATERAL (SELECT jsonb_agg(jsonb_build_object('pool', x.pool_id, 'fingerprint', x.fingerprint, 'problem', x.problem)) AS machines FROM request_machines x
       WHERE x.request_id = r.id AND x.generation_id = $1) m
     WHERE b.active AND b.key = ANY($2) ORDER BY r.id LIMIT $4`, [generationId, builders, hopeless, limit])
  return rows
}
