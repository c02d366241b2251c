import { chosenWorker } from '@yardmaster/domain'
import { groupBy } from '../group-by.js'
import { storableJson, storableText } from '../storable.js'
import type { Transaction } from '../transaction.js'
import type { AddedBuildset, NewBuildset } from './add-buildset.js'
import { findOrAddSourcestamps } from './find-or-add-sourcestamp.js'

export type BuilderRow = { id: number; name: string; collapses: boolean; asks: boolean; limited: boolean; cancels: boolean; set_name: string; project_id: number | null; project: string | null }

/** `work`: see `workDigest`; a row keeps '' for null. */
export type Planned = { buildset: NewBuildset; builders: BuilderRow[]; work: string | null }

type InsertedRow = { n: number; buildset_id: number; buildset_version: number; id: number; builder_id: number; version: number }

/**
 * Numbers come in the order given: what is inserted is sorted, and a number is drawn for each row as it is. Where nothing waits that a request could
 * make needless, nothing has to be asked: as under the builder's lock, so it stays.
 */
const INSERT = `WITH made AS (
    INSERT INTO buildsets (external_id, reason, scheduler, actor, generation_id, properties, remaining, parent_build_id, parent_relationship, rebuilt_build_id)
    SELECT external_id, reason, scheduler, actor, generation_id, properties::jsonb, remaining, parent_build_id, parent_relationship, rebuilt_build_id
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::int[], $8::bigint[], $9::text[], $10::bigint[])
      WITH ORDINALITY AS s(external_id, reason, scheduler, actor, generation_id, properties, remaining, parent_build_id, parent_relationship, rebuilt_build_id, n)
    ORDER BY s.n RETURNING id, version
  ), numbered AS (
    SELECT id, version, row_number() OVER (ORDER BY id) AS n FROM made
  ), stamped AS (
    INSERT INTO buildset_sourcestamps (buildset_id, sourcestamp_id) SELECT DISTINCT m.id, t.id FROM unnest($11::int[], $12::bigint[]) AS t(n, id) JOIN numbered m ON m.n = t.n
  ), asked AS (
    INSERT INTO build_requests (buildset_id, builder_id, project_id, priority, waited_for, hold, worker_name, work)
    SELECT m.id, r.builder_id, r.project_id, r.priority, r.waited_for,
      CASE WHEN r.behind OR r.asks AND EXISTS (SELECT 1 FROM build_requests o WHERE o.builder_id = r.builder_id AND o.state = 'pending' AND NOT o.waited_for) THEN 'collapse' END, r.worker_name, r.work
    FROM unnest($13::int[], $14::bigint[], $15::bigint[], $16::int[], $17::boolean[], $18::boolean[], $19::boolean[], $20::text[], $21::text[])
      WITH ORDINALITY AS r(n, builder_id, project_id, priority, waited_for, asks, behind, worker_name, work, place)
    JOIN numbered m ON m.n = r.n ORDER BY r.place RETURNING id, buildset_id, builder_id, version
  )
  SELECT m.n, m.id AS buildset_id, m.version AS buildset_version, a.id, a.builder_id, a.version FROM asked a JOIN numbered m ON m.id = a.buildset_id`

/** With their sourcestamps and requests, each table in one statement, and told in their order. */
export async function insertBuildsets(tx: Transaction, planned: readonly Planned[]): Promise<AddedBuildset[]> {
  const stampIds = await findOrAddSourcestamps(tx, planned.flatMap(({ buildset }) => buildset.sourcestamps))
  const owners = planned.flatMap(({ buildset }, at) => buildset.sourcestamps.map(() => at + 1))
  const rows = await tx.query<InsertedRow>(INSERT, [...buildsetColumns(planned), owners, stampIds, ...requestColumns(planned)])
  const byBuildset = groupBy(rows, row => row.n)
  return planned.map(({ builders }, at) => tell(tx, builders, byBuildset.get(at + 1)!))
}

function buildsetColumns(planned: readonly Planned[]): unknown[][] {
  const of = (value: (plan: Planned) => unknown) => planned.map(value)
  return [
    of(({ buildset }) => buildset.externalId ?? null), of(({ buildset }) => storableText(buildset.reason)), of(({ buildset }) => buildset.scheduler), of(({ buildset }) => buildset.actor),
    of(({ buildset }) => buildset.generationId), of(({ buildset }) => storableJson(buildset.properties)), of(({ builders }) => builders.length),
    of(({ buildset }) => buildset.parentBuildId ?? null), of(({ buildset }) => buildset.parentRelationship ?? null), of(({ buildset }) => buildset.rebuiltBuildId ?? null),
  ]
}

function requestColumns(planned: readonly Planned[]): unknown[][] {
  const requests = planned.flatMap(({ buildset, builders, work }, at) => {
    const [waitedFor, worker] = [buildset.waitedFor ?? false, chosenWorker(buildset.properties)]
    return builders.map(builder => ({ n: at + 1, builder, priority: buildset.priority, waitedFor, worker, work: work ?? '' }))
  })
  // The builders for which something waits already that comes with this statement, which the statement itself does not see.
  const waiting = new Set<number>()
  const behind = requests.map(({ builder: { id, asks }, waitedFor }) => {
    const isBehind = asks && waiting.has(id)
    if (!waitedFor) waiting.add(id)
    return isBehind
  })
  return [
    requests.map(({ n }) => n), requests.map(({ builder }) => builder.id), requests.map(({ builder }) => builder.project_id), requests.map(({ priority }) => priority),
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
