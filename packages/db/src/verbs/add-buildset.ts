import type { Properties, SourceStampData } from '@yardmaster/domain'
import type { Transaction } from '../transaction.js'
import { askOldCancellers } from './ask-cancellers.js'
import { collapseRequests, lockForCollapse, workDigest } from './collapse-requests.js'
import { enforceLimits } from './enforce-limits.js'
import { insertBuildsets, type BuilderRow, type Planned } from './insert-buildsets.js'

export type NewBuildset = {
  reason: string
  scheduler: string | null
  /** user:NAME, token:NAME or system:NAME. */
  actor: string
  generationId: number
  properties: Properties
  /** One per codebase. */
  sourcestamps: SourceStampData[]
  priority: number
  externalId?: string | null
  waitedFor?: boolean
  parentBuildId?: number | null
  parentRelationship?: string | null
  rebuiltBuildId?: number | null
} & ({ builderNames: string[] } | { builderIds: number[] })

export type AddedBuildset = { buildsetId: number; requests: { builderId: number; requestId: number }[] }

/**
 * Asks builders for builds of the sourcestamps: one buildset, one request per builder, in the order of the builders given.
 * On builders that collapse, older pending requests for the same work end with SKIPPED.
 * Throws when there is no builder, or one is not in the active configuration.
 */
export async function addBuildset(tx: Transaction, buildset: NewBuildset): Promise<AddedBuildset> {
  const [added] = await addBuildsets(tx, [buildset])
  return added!
}

/** Several in one transaction, as if one after the other in the order given: in as many statements as one takes. */
export async function addBuildsets(tx: Transaction, buildsets: readonly NewBuildset[]): Promise<AddedBuildset[]> {
  if (buildsets.length === 0) return []
  const planned = await findBuilders(tx, buildsets)
  const guarded = planned.flatMap(({ builders }) => builders.filter(builder => builder.collapses || builder.asks || builder.limited).map(builder => builder.id))
  await lockForCollapse(tx, [...new Set(guarded)])
  const added: AddedBuildset[] = []
  for (const some of inRounds(planned)) added.push(...await addTogether(tx, some))
  tx.wake('requests')
  return added
}

async function addTogether(tx: Transaction, planned: readonly Planned[]): Promise<AddedBuildset[]> {
  const added = await insertBuildsets(tx, planned)
  const builders = planned.flatMap(plan => plan.builders)
  await collapseRequests(tx, added.map(({ buildsetId }, at) => ({ buildsetId, work: planned[at]!.work })), idsOf(builders.filter(builder => builder.collapses)))
  const limited = new Set(idsOf(builders.filter(builder => builder.limited)))
  if (limited.size > 0) await enforceLimits(tx, added.flatMap(({ requests }) => requests.filter(request => limited.has(request.builderId)).map(request => request.requestId)))
  await askOldCancellers(tx, added.flatMap(({ buildsetId }, at) => [...new Set(planned[at]!.builders.filter(builder => builder.cancels).map(builder => builder.set_name))].map(set => ({ set, buildsetId }))))
  return added
}

const idsOf = (builders: readonly BuilderRow[]) => [...new Set(builders.map(builder => builder.id))]

/** A request that its builder has no room for ends before the next one comes: a builder with a limit is asked once in each round. */
function inRounds(planned: readonly Planned[]): Planned[][] {
  const rounds: Planned[][] = [[]]
  let full = new Set<number>()
  for (const plan of planned) {
    const limited = plan.builders.filter(builder => builder.limited).map(builder => builder.id)
    if (limited.some(id => full.has(id))) {
      rounds.push([])
      full = new Set()
    }
    for (const id of limited) full.add(id)
    rounds.at(-1)!.push(plan)
  }
  return rounds
}

async function findBuilders(tx: Transaction, buildsets: readonly NewBuildset[]): Promise<Planned[]> {
  const names = buildsets.flatMap(buildset => ('builderNames' in buildset ? buildset.builderNames : []))
  const builderIds = buildsets.flatMap(buildset => ('builderIds' in buildset ? buildset.builderIds : []))
  const rows = await tx.query<BuilderRow & { ids: number[] }>(
    `SELECT (SELECT jsonb_agg(nextval('buildsets_id_seq')) FROM generate_series(1, $3)) AS ids, b.id, b.name, b.collapse_requests AS collapses, b.collapse_by_function AS asks, b.max_pending IS NOT NULL AS limited, s.cancels_old AS cancels, b.set_name, b.project_id, p.name AS project
     FROM builders b JOIN configuration_sets s ON s.name = b.set_name LEFT JOIN projects p ON p.id = b.project_id WHERE b.active AND (b.name = ANY($1) OR b.id = ANY($2))`,
    [[...new Set(names)], [...new Set(builderIds)], buildsets.length])
  const [byName, byId] = [new Map(rows.map(row => [row.name, row])), new Map(rows.map(row => [row.id, row]))]
  return buildsets.map((buildset, at) => ({
    buildset, work: workDigest(buildset.sourcestamps, buildset.properties), builders: 'builderNames' in buildset ? pick(buildset, 'name', { wanted: buildset.builderNames, from: byName }) : pick(buildset, 'id', { wanted: buildset.builderIds, from: byId }),
    id: rows[0]!.ids[at]!,
  }))
}

function pick<Key>({ reason }: NewBuildset, column: 'name' | 'id', { wanted, from }: { wanted: Key[]; from: Map<Key, BuilderRow> }): BuilderRow[] {
  const missing = wanted.filter(value => !from.has(value))
  if (missing.length > 0) throw new Error(`buildset '${reason}': no active builder has the ${column} ${missing.join(', ')}: the active configuration does not have it (any more)`)
  if (wanted.length === 0) throw new Error(`buildset '${reason}': it names no builder, at least one is needed`)
  return [...new Set(wanted)].map(value => from.get(value)!)
}
