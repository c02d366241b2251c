import type { Properties, StoredPatch } from '@yardmaster/domain'
import { groupBy } from '../group-by.js'
import type { Database } from '../database.js'
import type { MadeFor } from './read-fingerprints.js'

/** Whose requests are looked for: at most `depth` of the builder's, in the builder's `place` (lower first; equal places take turns). */
export type Wanted = {
  builderKey: string
  depth: number
  place: number
  /** Only requests that one of these machines was made for; null or none: all. */
  madeFor?: readonly MadeFor[] | null
  /** Workers that cannot take what may only be built by them. */
  busy?: readonly string[]
}

export type Candidate = { id: number; builderId: number; builderKey: string; /** The only worker that may build it; null: any of its builder's. */ worker: string | null }

/**
 * Pending requests in the order in which they are to be served, at most `limit`. The urgent first. Those of one priority: builders take turns,
 * the first request of each before the second of any; and among these, who has waited longest for a turn, since the request came or
 * since its builder was last served. So 20,000 old requests of one builder delay another builder by one build, and with a request or
 * two per builder it is the order of age. Requests that are not to be looked at yet (`not_before`) are left out.
 *
 * Per builder first (lateral, along the index of pending requests), because sorting all that is pending costs seven times as much
 * at 25,000 requests; and no further than the first request for builders whose first is not among the first `limit`: nothing of theirs
 * can be. Nothing is locked: the claim checks again.
 */
export async function findClaimable(db: Database, { wanted, limit }: { wanted: Wanted[]; limit: number }): Promise<Candidate[]> {
  const choosy = wanted.some(builder => builder.madeFor)
  const bound = wanted.some(builder => builder.busy?.length)
  const mayBeTaken = choosy ? fitting(bound) : `build_requests WHERE ${pending(bound)}`
  const more = [
    ...(choosy ? [{ name: 'made_for', values: wanted.map(({ madeFor }) => (madeFor ? JSON.stringify(madeFor.map(({ poolId, fingerprint }) => `${poolId}/${fingerprint}`)) : null)) }] : []),
    ...(bound ? [{ name: 'busy', values: wanted.map(({ busy = [] }) => JSON.stringify(busy)) }] : []),
  ]
  const { rows } = await db.pool.query<Candidate>(
    `SELECT r.id, b.id AS "builderId", b.key AS "builderKey", r.worker_name AS worker
     FROM (
       SELECT b.id, b.key, b.served_at, w.depth, w.place${more.map(({ name }) => `, w.${name}`).join('')}
       FROM unnest($1::text[], $2::int[], $3::int[]${more.map((_, at) => `, $${5 + at}::text[]`).join('')}) AS w(key, depth, place${more.map(({ name }) => `, ${name}`).join('')}) JOIN builders b ON b.key = w.key AND b.active
       CROSS JOIN LATERAL (SELECT id, priority, submitted_at FROM ${mayBeTaken} LIMIT 1) r
       ORDER BY w.place, r.priority DESC, greatest(r.submitted_at, b.served_at), r.submitted_at, r.id LIMIT $4
     ) b
     CROSS JOIN LATERAL (
       SELECT id, priority, submitted_at, worker_name, row_number() OVER (ORDER BY priority DESC, submitted_at, id) AS turn FROM ${mayBeTaken} LIMIT b.depth
     ) r
     ORDER BY b.place, r.priority DESC, r.turn, greatest(r.submitted_at, b.served_at), r.submitted_at, r.id LIMIT $4`,
    [wanted.map(builder => builder.builderKey), wanted.map(builder => builder.depth), wanted.map(builder => builder.place), limit, ...more.map(({ values }) => values)])
  return rows
}

const pending = (bound: boolean): string => `builder_id = b.id AND state = 'pending' AND hold IS NULL AND (not_before IS NULL OR not_before <= now())${bound ? ' AND (worker_name IS NULL OR NOT busy::jsonb ? worker_name)' : ''} ORDER BY priority DESC, submitted_at, id`

/** Machines are made for the requests that are next: those far behind them are not searched for one that would fit. */
const MOST_SEARCHED = 1_000
/**
 * Asked only where some machine was made for certain builds: the plan of the other statement is measured. With an array, since EXISTS would be a join with all that is pending: so it is looked up
 * request by request, and ends with the first that fit.
 */
const fitting = (bound: boolean): string => `(SELECT id, priority, submitted_at, worker_name FROM build_requests WHERE ${pending(bound)} LIMIT CASE WHEN made_for IS NOT NULL THEN ${MOST_SEARCHED} END) p
  WHERE made_for IS NULL OR made_for::jsonb ?| ARRAY(SELECT m.pool_id || '/' || m.fingerprint FROM request_machines m WHERE m.request_id = p.id) ORDER BY priority DESC, submitted_at, id`

export type ClaimableRequest = Candidate & {
  buildsetId: number
  generationId: number
  projectId: number | null
  project: string | null
  priority: number
  /** Epoch seconds. */
  submittedAt: number
  waitedFor: boolean
  properties: Properties
  reason: string
  /** What it is said to wait for so far. */
  waitsFor: string | null
  sourcestamps: SourcestampRow[]
}

/** Of the sourcestamp `t`: what is known of its patch, which is rare. */
const PATCH = `CASE WHEN t.patch_id IS NOT NULL THEN (SELECT jsonb_build_object('id', p.id, 'level', p.level, 'subdir', p.subdir, 'author', p.author, 'comment', p.comment) FROM patches p WHERE p.id = t.patch_id) END`

/** All that is asked for by these requests; those that are not pending any more are missing. In the order given. */
export async function readClaimable(db: Database, candidates: readonly Candidate[]): Promise<ClaimableRequest[]> {
  if (candidates.length === 0) return []
  const { rows } = await db.pool.query<Omit<ClaimableRequest, keyof Candidate> & { id: number }>(
    `SELECT r.id, r.buildset_id AS "buildsetId", s.generation_id AS "generationId", r.project_id AS "projectId", p.name AS project, r.priority,
       extract(epoch FROM r.submitted_at)::float AS "submittedAt", r.waited_for AS "waitedFor", r.waits_for AS "waitsFor", CASE WHEN r.properties IS NULL THEN s.properties ELSE s.properties || r.properties END AS properties, s.reason,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', t.id, 'codebase', t.codebase, 'repository', t.repository, 'project', t.project, 'branch', t.branch, 'revision', t.revision, 'patch', ${PATCH}) ORDER BY t.codebase, t.id)
         FROM buildset_sourcestamps bs JOIN sourcestamps t ON t.id = bs.sourcestamp_id WHERE bs.buildset_id = s.id), '[]') AS sourcestamps
     FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id LEFT JOIN projects p ON p.id = r.project_id
     WHERE r.id = ANY($1) AND r.state = 'pending'`, [candidates.map(candidate => candidate.id)])
  const byId = new Map(rows.map(row => [row.id, row]))
  return candidates.flatMap(candidate => {
    const row = byId.get(candidate.id)
    return row ? [{ ...candidate, ...row }] : []
  })
}

/** ms until the first pending request that is not to be looked at yet may be; null: there is none. */
export async function nextNotBefore(db: Database): Promise<number | null> {
  const { rows } = await db.pool.query<{ ms: number | null }>(
    `SELECT (extract(epoch FROM min(not_before) - now()) * 1000)::float AS ms FROM build_requests WHERE state = 'pending' AND hold IS NULL AND not_before IS NOT NULL AND not_before > now()`)
  return rows[0]?.ms ?? null
}

export type SourcestampRow = { id: number; codebase: string; repository: string; project: string; branch: string | null; revision: string | null; patch: StoredPatch | null }

/** The sourcestamps of each buildset. */
export async function readSourcestamps(db: Database, buildsetIds: number[]): Promise<Map<number, SourcestampRow[]>> {
  const { rows } = await db.pool.query<SourcestampRow & { buildset_id: number }>(
    `SELECT bs.buildset_id, t.id, t.codebase, t.repository, t.project, t.branch, t.revision, ${PATCH} AS patch
     FROM buildset_sourcestamps bs JOIN sourcestamps t ON t.id = bs.sourcestamp_id WHERE bs.buildset_id = ANY($1) ORDER BY t.codebase, t.id`, [buildsetIds])
  return groupBy(rows, row => row.buildset_id)
}
