import { chosenWorker, type Properties, type SourceStampData } from '@yardmaster/domain'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import { collapseRequests, lockForCollapse } from './collapse-requests.js'
import { enforceLimits } from './enforce-limits.js'
import { findOrAddSourcestamp } from './find-or-add-sourcestamp.js'
import { askOldCancellers } from './ask-cancellers.js'

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

type BuilderRow = { id: number; name: string; collapses: boolean; asks: boolean; limited: boolean; cancels: boolean; set_name: string; project_id: number | null; project: string | null }

/**
 * Asks builders for builds of the sourcestamps: one buildset, one request per builder, in the order of the builders given.
 * On builders that collapse, older pending requests for the same work end with SKIPPED.
 * Throws when there is no builder, or one is not in the active configuration.
 */
export async function addBuildset(tx: Transaction, buildset: NewBuildset): Promise<AddedBuildset> {
  const builders = await findBuilders(tx, buildset)
  const collapsing = builders.filter(builder => builder.collapses).map(builder => builder.id)
  await lockForCollapse(tx, builders.filter(builder => builder.collapses || builder.asks || builder.limited).map(builder => builder.id))
  const buildsetId = await insertBuildset(tx, buildset, builders)
  const requests = await insertRequests(tx, buildsetId, buildset, builders)
  await collapseRequests(tx, buildsetId, collapsing)
  const limited = new Set(builders.filter(builder => builder.limited).map(builder => builder.id))
  if (limited.size > 0) await enforceLimits(tx, requests.filter(request => limited.has(request.builderId)).map(request => request.requestId))
  await askOldCancellers(tx, buildsetId, new Set(builders.filter(builder => builder.cancels).map(builder => builder.set_name)))
  tx.wake('requests')
  return { buildsetId, requests }
}

/** Several in one transaction, in the order given; whatever that is, what collapses is locked in one order. */
export async function addBuildsets(tx: Transaction, buildsets: NewBuildset[]): Promise<AddedBuildset[]> {
  if (buildsets.length > 1) {
    const collapsing = await tx.query<{ id: number }>('SELECT id FROM builders WHERE active AND (collapse_requests OR collapse_by_function OR max_pending IS NOT NULL) AND (name = ANY($1) OR id = ANY($2))', [
      buildsets.flatMap(buildset => ('builderNames' in buildset ? buildset.builderNames : [])), buildsets.flatMap(buildset => ('builderIds' in buildset ? buildset.builderIds : []))])
    await lockForCollapse(tx, collapsing.map(builder => builder.id))
  }
  const added: AddedBuildset[] = []
  for (const buildset of buildsets) added.push(await addBuildset(tx, buildset))
  return added
}

async function findBuilders(tx: Transaction, wanted: NewBuildset): Promise<BuilderRow[]> {
  const [column, values]: ['name' | 'id', (string | number)[]] = 'builderNames' in wanted ? ['name', wanted.builderNames] : ['id', wanted.builderIds]
  const rows = await tx.query<BuilderRow>(
    `SELECT b.id, b.name, b.collapse_requests AS collapses, b.collapse_by_function AS asks, b.max_pending IS NOT NULL AS limited, s.cancels_old AS cancels, b.set_name, b.project_id, p.name AS project
     FROM builders b JOIN configuration_sets s ON s.name = b.set_name LEFT JOIN projects p ON p.id = b.project_id WHERE b.active AND b.${column} = ANY($1)`,
    [values])
  const byValue = new Map<string | number, BuilderRow>(rows.map(row => [row[column], row]))
  const missing = values.filter(value => !byValue.has(value))
  if (missing.length > 0) throw new Error(`buildset '${wanted.reason}': no active builder has the ${column} ${missing.join(', ')}: the active configuration does not have it (any more)`)
  if (values.length === 0) throw new Error(`buildset '${wanted.reason}': it names no builder, at least one is needed`)
  return [...new Set(values)].map(value => byValue.get(value)!)
}

async function insertBuildset(tx: Transaction, buildset: NewBuildset, builders: BuilderRow[]): Promise<number> {
  const sourcestampIds: number[] = []
  // In one order, so that two buildsets of the same new sourcestamps wait for each other in one direction only.
  const stamps = [...buildset.sourcestamps].sort((a, b) => (a.codebase < b.codebase ? -1 : 1))
  for (const stamp of stamps) sourcestampIds.push(await findOrAddSourcestamp(tx, stamp))
  const { externalId = null, parentBuildId = null, parentRelationship = null, rebuiltBuildId = null } = buildset
  const [row] = await tx.query<{ id: number; version: number }>(
    `INSERT INTO buildsets (external_id, reason, scheduler, actor, generation_id, properties, remaining, parent_build_id, parent_relationship, rebuilt_build_id)
     VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10) RETURNING id, version`,
    [externalId, storableText(buildset.reason), buildset.scheduler, buildset.actor, buildset.generationId, storableJson(buildset.properties), builders.length,
      parentBuildId, parentRelationship, rebuiltBuildId])
  await tx.execute('INSERT INTO buildset_sourcestamps (buildset_id, sourcestamp_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING', [row!.id, sourcestampIds])
  tx.publish({ type: 'buildset.new', ...row!, project: commonProject(builders) })
  return row!.id
}

/** A buildset is the project's whose builders are all it asks. */
function commonProject(builders: BuilderRow[]): string | null {
  const projects = new Set(builders.map(builder => builder.project))
  return projects.size === 1 ? builders[0]!.project : null
}

/** Where nothing waits that it could make needless, nothing has to be asked: as under the builder's lock, so it stays. */
const UNDECIDED = `CASE WHEN b.asks AND EXISTS (SELECT 1 FROM build_requests o WHERE o.builder_id = b.id AND o.state = 'pending' AND NOT o.waited_for) THEN 'collapse' END`

async function insertRequests(tx: Transaction, buildsetId: number, buildset: NewBuildset, builders: BuilderRow[]): Promise<AddedBuildset['requests']> {
  const rows = await tx.query<{ id: number; builder_id: number; version: number }>(
    `INSERT INTO build_requests (buildset_id, builder_id, project_id, priority, waited_for, hold, worker_name)
     SELECT $1, b.id, b.project_id, $4, $5, ${UNDECIDED}, $7 FROM unnest($2::bigint[], $3::bigint[], $6::boolean[]) WITH ORDINALITY AS b(id, project_id, asks, n) ORDER BY b.n
     RETURNING id, builder_id, version`,
    [buildsetId, builders.map(builder => builder.id), builders.map(builder => builder.project_id), buildset.priority, buildset.waitedFor ?? false, builders.map(builder => builder.asks), chosenWorker(buildset.properties)])
  const byBuilder = new Map(rows.map(row => [row.builder_id, row]))
  return builders.map(builder => {
    const { id, version } = byBuilder.get(builder.id)!
    tx.publish({ type: 'buildrequest.new', id, version, project: builder.project, parents: { builder: builder.id, buildset: buildsetId } })
    return { builderId: builder.id, requestId: id }
  })
}
