import { chosenWorker } from '@yardmaster/domain'
import { groupBy } from '../group-by.js'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { AddedBuildset, NewBuildset } from './add-buildset.js'
import { findOrAddSourcestamps } from './find-or-add-sourcestamp.js'

export type BuilderRow = { id: number; name: string; collapses: boolean; asks: boolean; limited: boolean; cancels: boolean; set_name: string; project_id: number | null; project: string | null }

/** `work`: see `workDigest`; a row keeps '' for null. `id`: drawn ahead. */
export type Planned = { id: number; buildset: NewBuildset; builders: BuilderRow[]; work: string | null }

type InsertedRow = { id: number; builder_id: number; buildset_id: number; version: number; buildset_version: number }

/**
 * Requests get their numbers in the order given: what is inserted is sorted, and a number is drawn for each row as it is. Where nothing waits that a request could
 * make needless, nothing has to be asked: as under the builder's lock, so it stays.
 */
const INSERT = `WITH made AS (
    INSERT INTO buildsets (id, external_id, reason, scheduler, actor, generation_id, properties, remaining, parent_build_id, parent_relationship, rebuilt_build_id)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[], $8::int[], $9::bigint[], $10::text[], $11::bigint[])
    RETURNING version
  ), stamped AS (
    INSERT INTO buildset_sourcestamps (buildset_id, sourcestamp_id) SELECT * FROM unnest($12::bigint[], $13::bigint[]) ON CONFLICT DO NOTHING
  )
  INSERT INTO build_requests (buildset_id, builder_id, project_id, priority, waited_for, hold, worker_name, work)
  SELECT r.buildset_id, r.builder_id, r.project_id, r.priority, r.waited_for,
    CASE WHEN r.behind OR r.asks AND EXISTS (SELECT 1 FROM build_requests o WHERE o.builder_id = r.builder_id AND o.state = 'pending' AND NOT o.waited_for) THEN 'collapse' END, r.worker_name, r.work
  FROM unnest($14::bigint[], $15::bigint[], $16::bigint[], $17::int[], $18::boolean[], $19::boolean[], $20::boolean[], $21::text[], $22::text[])
    WITH ORDINALITY AS r(buildset_id, builder_id, project_id, priority, waited_for, asks, behind, worker_name, work, place)
  ORDER BY r.place RETURNING id, buildset_id, builder_id, version, (SELECT min(version) FROM made) AS buildset_version`

/** With their sourcestamps and requests, each table in one statement, and told in their order. */
export async function insertBuildsets(tx: Transaction, planned: readonly Planned[]): Promise<AddedBuildset[]> {
  const stampIds = await findOrAddSourcestamps(tx, planned.flatMap(({ buildset }) => buildset.sourcestamps))
  const owners = planned.flatMap(({ id, buildset }) => buildset.sourcestamps.map(() => id))
  const rows = await tx.query<InsertedRow>(INSERT, [...buildsetColumns(planned), owners, stampIds, ...requestColumns(planned)])
  const byBuildset = groupBy(rows, row => row.buildset_id)
  return planned.map(({ id, builders }) => tell(tx, builders, byBuildset.get(id)!))
}

function buildsetColumns(planned: readonly Planned[]): unknown[][] {
  const of = (value: (plan: Planned) => unknown) => planned.map(value)
  return [
    of(({ id }) => id), of(({ buildset }) => buildset.externalId ?? null), of(({ buildset }) => storableText(buildset.reason)), of(({ buildset }) => buildset.scheduler), of(({ buildset }) => buildset.actor),
    of(({ buildset }) => buildset.generationId), of(({ buildset }) => storableJson(buildset.properties)), of(({ builders }) => builders.length),
    of(({ buildset }) => buildset.parentBuildId ?? null), of(({ buildset }) => buildset.parentRelationship ?? null), of(({ buildset }) => buildset.rebuiltBuildId ?? null),
  ]
}

function requestColumns(planned: readonly Planned[]): unknown[][] {
  const requests = planned.flatMap(({ id, buildset, builders, work }) => {
    const [waitedFor, worker] = [buildset.waitedFor ?? false, chosenWorker(buildset.properties)]
    return builders.map(builder => ({ id, builder, priority: buildset.priority, waitedFor, worker, work: work ?? '' }))
  })
  // The builders for which something waits already that comes with this statement, which the statement itself does not see.
  const waiting = new Set<number>()
  const behind = requests.map(({ builder: { id, asks }, waitedFor }) => {
    const isBehind = asks && waiting.has(id)
    if (!waitedFor) waiting.add(id)
    return isBehind
  })
  return [
    requests.map(({ id }) => id), requests.map(({ builder }) => builder.id), requests.map(({ builder }) => builder.project_id), requests.map(({ priority }) => priority),
    requests.map(({ waitedFor }) => waitedFor), requests.map(({ builder }) => builder.asks), behind, requests.map(({ worker }) => worker), requests.map(({ work }) => work),
  ]
}

function tell(tx: Transaction, builders: readonly BuilderRow[], rows: readonly InsertedRow[]): AddedBuildset {
  const { buildset_id, buildset_version } = rows[0]!
  const byBuilder = new Map(rows.map(row => [row.builder_id, row]))
  tx.publish({ type: 'buildset.new', id: buildset_id, version: buildset_version, project: commonProject(builders) })
  const requests = builders.map(builder => {
    const { id, version } = byBuilder.get(builder.id)!
    tx.publish({ type: 'buildrequest.new', id, version, project: builder.project, parents: { builder: builder.id, buildset: buildset_id } })
    return { builderId: builder.id, requestId: id }
  })
  return { buildsetId: buildset_id, requests }
}

/** A buildset is the project's whose builders are all it asks. */
function commonProject(builders: readonly BuilderRow[]): string | null {
  const projects = new Set(builders.map(builder => builder.project))
  return projects.size === 1 ? builders[0]!.project : null
}
