import type { Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import type { Properties, SourceStampData } from '@yardmaster/domain'
import { invalidParams } from './control-error.js'
import type { Control } from './control.js'

type Original = {
  builder_id: number; builder: string; active: boolean; priority: number; buildset_id: number; properties: Properties
  /** Active in the builder's set. */
  generation_id: number | null; external_id: string | null; rebuilt_build_id: number | null; parent_build_id: number | null; parent_relationship: string | null
}

/** The same once more: a new buildset like the build's, for its builder alone. Answers [buildset id, { builder id: request id }]. */
export const rebuild: Control = async (tx, { deps: { activeGeneration }, id, actor }) => {
  const generation = activeGeneration()
  if (!generation) throw invalidParams('no configuration is active yet: a build needs one')
  const original = await originalOf(tx, id)
  if (!original.active) throw invalidParams(`the builder '${original.builder}' is not in the active configuration any more`)
  const added = await addBuildset(tx, {
    reason: 'rebuild', scheduler: 'rebuild', actor, generationId: original.generation_id ?? generation.id, properties: original.properties, priority: original.priority,
    sourcestamps: await sourcestampsOf(tx, original.buildset_id), builderIds: [original.builder_id], externalId: original.external_id,
    parentBuildId: original.parent_build_id, parentRelationship: original.parent_relationship,
    // Of a rebuild of a rebuild, the first build is remembered.
    rebuiltBuildId: original.rebuilt_build_id ?? id,
  })
  return [added.buildsetId, Object.fromEntries(added.requests.map(({ builderId, requestId }) => [String(builderId), requestId]))]
}

async function originalOf(tx: Transaction, id: number): Promise<Original> {
  const [row] = await tx.query<Original>(
    `SELECT (SELECT active_generation_id FROM configuration_sets c WHERE c.name = d.set_name) AS generation_id, b.builder_id, d.name AS builder, d.active, r.priority, r.buildset_id, s.properties, s.external_id, s.rebuilt_build_id, s.parent_build_id, s.parent_relationship
     FROM builds b JOIN builders d ON d.id = b.builder_id JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id WHERE b.id = $1`, [id])
  if (!row) throw new Error(`build ${id} is gone: it was there a moment ago`)
  return row
}

function sourcestampsOf(tx: Transaction, buildsetId: number): Promise<SourceStampData[]> {
  return tx.query<SourceStampData>(
    `SELECT s.codebase, s.repository, s.project, s.branch, s.revision FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id
     WHERE bs.buildset_id = $1 ORDER BY s.id`, [buildsetId])
}
