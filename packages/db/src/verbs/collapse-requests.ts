import { createHash } from 'node:crypto'
import { collapseKey, collapseWork, SKIPPED, type CollapseView, type Properties, type SourceStampData } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { completeRequests, type RequestEnd } from './complete-requests.js'
import { lockPending } from './enforce-limits.js'

type RequestRow = CollapseView & { request_id: number; builder_id: number; buildset_id: number; waited_for: boolean }

export type AddedWork = { buildsetId: number; work: string | null }

/**
 * Ends (SKIPPED) the pending requests that the requests of new buildsets make needless, on those of their builders that collapse; of new ones the later ones stand.
 * Between `lockForCollapse` and the commit nobody else adds to these builders, so two new requests cannot each miss the other.
 * A request that an engine takes at the same moment stays. Returns the ids of the requests that ended.
 */
export async function collapseRequests(tx: Transaction, added: readonly AddedWork[], builderIds: readonly number[]): Promise<number[]> {
  if (builderIds.length === 0) return []
  const needless = needlessOf(await pendingLike(tx, added, builderIds), new Set(added.map(({ buildsetId }) => buildsetId)))
  const won = await lockPending(tx, [...needless.keys()])
  return completeRequests(tx, won.map((requestId): RequestEnd => ({ requestId, results: SKIPPED, reason: collapseReason(needless.get(requestId)!), actor: 'system:collapse' })))
}

/** Of requests in their order: each that is needless, with the first newer one that makes it so. */
function needlessOf(rows: readonly RequestRow[], added: ReadonlySet<number>): Map<number, number> {
  const needless = new Map<number, number>()
  const waiting = new Map<string, number[]>()
  for (const { request_id, builder_id, buildset_id, waited_for, ...asked } of rows) {
    const work = collapseKey(asked)
    if (work === null) continue
    const key = `${builder_id} ${work}`
    if (added.has(buildset_id)) {
      for (const older of waiting.get(key) ?? []) needless.set(older, request_id)
      waiting.delete(key)
    }
    if (waited_for) continue
    const alike = waiting.get(key)
    if (alike) alike.push(request_id)
    else waiting.set(key, [request_id])
  }
  return needless
}

/** Why the older one has ended. */
export const collapseReason = (newer: number): string => `collapsed: request ${newer} asks for the same`

/** Locks these builders against other collapsing until the commit, in one order. */
export async function lockForCollapse(tx: Transaction, builderIds: number[]): Promise<void> {
  if (builderIds.length === 0) return
  // In one statement, whose rows come in the order of the list: a pull request asks for fifty builders.
  await tx.execute(`SELECT count(pg_advisory_xact_lock(hashtext('collapse'), b.id)) FROM unnest($1::int[]) AS b(id)`, [[...builderIds].sort((a, b) => a - b).map(id => id % 2 ** 31)])
}

/** By this a request finds those like it in a queue of any length. Null: there are none. */
export function workDigest(sourcestamps: readonly SourceStampData[], properties: Properties): string | null {
  const work = collapseWork(sourcestamps, properties)
  return work === null ? null : createHash('sha256').update(work).digest('base64')
}

const WAITING = `SELECT r.id, r.builder_id, r.buildset_id, r.waited_for, r.properties FROM build_requests r
    WHERE r.builder_id = ANY($2) AND r.state = 'pending' AND (NOT r.waited_for OR r.buildset_id = ANY($1))`
/** Those without a digest are of an earlier version, or got properties of their own. */
const PENDING_LIKE = `WITH pending AS MATERIALIZED (${WAITING} AND r.work = ANY($3) UNION ALL ${WAITING} AND r.work IS NULL)
  SELECT r.id AS request_id, r.builder_id, r.buildset_id, r.waited_for, CASE WHEN r.properties IS NULL THEN b.properties ELSE b.properties || r.properties END AS properties, stamps.sourcestamps
  FROM pending r JOIN buildsets b ON b.id = r.buildset_id
  CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('codebase', s.codebase, 'repository', s.repository, 'project', s.project, 'branch', s.branch, 'revision', s.revision, 'patch', CASE WHEN s.patch_id IS NOT NULL THEN jsonb_build_object('id', s.patch_id) END,
      'hasChanges', EXISTS (SELECT 1 FROM changes c WHERE c.sourcestamp_id = s.id))), '[]') AS sourcestamps
    FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = r.buildset_id
  ) AS stamps ORDER BY r.id`

/** The new requests and the older pending ones that may be like one of them, in their order. An older one that a build waits for is left alone. */
async function pendingLike(tx: Transaction, added: readonly AddedWork[], builderIds: readonly number[]): Promise<RequestRow[]> {
  const works = new Set(added.flatMap(({ work }) => work ?? []))
  return works.size === 0 ? [] : tx.query<RequestRow>(PENDING_LIKE, [added.map(({ buildsetId }) => buildsetId), builderIds, [...works]])
}
