import { mayCollapse, SKIPPED, type CollapseView } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { completeRequests } from './complete-requests.js'
import { lockPending } from './enforce-limits.js'

type RequestRow = { request_id: number; builder_id: number; buildset_id: number; properties: CollapseView['properties']; sourcestamps: CollapseView['sourcestamps'] }

/**
 * Ends (SKIPPED) the pending requests that the requests of a new buildset make needless, on those of its builders that collapse.
 * Between `lockForCollapse` and the commit nobody else adds to these builders, so two new requests cannot each miss the other.
 * A request that an engine takes at the same moment stays. Returns the ids of the requests that ended.
 */
export async function collapseRequests(tx: Transaction, buildsetId: number, builderIds: number[]): Promise<number[]> {
  if (builderIds.length === 0) return []
  const rows = await pendingLike(tx, buildsetId, builderIds)
  const newer = new Map(rows.filter(row => row.buildset_id === buildsetId).map(row => [row.builder_id, view(row)]))
  const needless = rows.filter(row => row.buildset_id !== buildsetId && mayCollapse(newer.get(row.builder_id)!, view(row)))
  const builderOf = new Map(needless.map(row => [row.request_id, row.builder_id]))
  const won = await lockPending(tx, [...builderOf.keys()])
  return completeRequests(tx, won.map(requestId => ({ requestId, results: SKIPPED, reason: collapseReason(newer.get(builderOf.get(requestId)!)!.request), actor: 'system:collapse' })))
}

/** Why the older one has ended. */
export const collapseReason = (newer: number): string => `collapsed: request ${newer} asks for the same`

/** Locks these builders against other collapsing until the commit, in one order. */
export async function lockForCollapse(tx: Transaction, builderIds: number[]): Promise<void> {
  if (builderIds.length === 0) return
  // In one statement, whose rows come in the order of the list: a pull request asks for fifty builders.
  await tx.execute(`SELECT count(pg_advisory_xact_lock(hashtext('collapse'), b.id)) FROM unnest($1::int[]) AS b(id)`, [[...builderIds].sort((a, b) => a - b).map(id => id % 2 ** 31)])
}

/**
 * The new requests and the older pending ones of the same codebases and branches. First those that have one place in common, by plain joins: 10 ms
 * in a queue of 25,000, where comparing all places of every pending request takes a second. An older request that a build waits for is left alone.
 */
async function pendingLike(tx: Transaction, buildsetId: number, builderIds: number[]): Promise<RequestRow[]> {
  return tx.query<RequestRow>(
    `WITH place AS (
       SELECT s.codebase, s.repository, s.project, s.branch FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = $1
     ), pending AS MATERIALIZED (
       SELECT DISTINCT r.id, r.builder_id, r.buildset_id, r.properties
       FROM build_requests r JOIN buildset_sourcestamps bs ON bs.buildset_id = r.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
       JOIN place p ON p.codebase = s.codebase AND p.repository = s.repository AND p.project = s.project AND p.branch IS NOT DISTINCT FROM s.branch
       WHERE r.builder_id = ANY($2) AND r.state = 'pending' AND (NOT r.waited_for OR r.buildset_id = $1)
     )
     SELECT r.id AS request_id, r.builder_id, r.buildset_id, CASE WHEN r.properties IS NULL THEN b.properties ELSE b.properties || r.properties END AS properties, stamps.sourcestamps
     FROM pending r JOIN buildsets b ON b.id = r.buildset_id
     CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('codebase', s.codebase, 'repository', s.repository, 'project', s.project, 'branch', s.branch, 'revision', s.revision, 'patch', CASE WHEN s.patch_id IS NOT NULL THEN jsonb_build_object('id', s.patch_id) END,
         'hasChanges', EXISTS (SELECT 1 FROM changes c WHERE c.sourcestamp_id = s.id))) AS sourcestamps
       FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = r.buildset_id
     ) AS stamps`,
    [buildsetId, builderIds])
}

function view({ request_id, buildset_id, properties, sourcestamps }: RequestRow): CollapseView {
  return { request: request_id, buildset: buildset_id, properties, sourcestamps }
}
