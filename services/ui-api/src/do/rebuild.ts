import type { Transaction } from '@yardmaster/db'
import { addBuildset } from '@yardmaster/db/verbs/add-buildset'
import { chosenWorker, propertiesFrom, rebuiltSource, type Properties, type SourceStampData, type StoredPatch } from '@yardmaster/domain'
import { rebuildRequest, type RebuildBody } from '@yardmaster/rest'
import type { ActiveGeneration } from '../deps.js'
import { readArguments } from './arguments.js'
import { invalidParams } from './control-error.js'
import type { Control } from './control.js'

type Original = {
  builder_id: number; builder: string; active: boolean; priority: number; buildset_id: number; reason: string; properties: Properties
  /** Active in the builder's set. */
  generation_id: number | null; external_id: string | null; rebuilt_build_id: number | null; parent_build_id: number | null; parent_relationship: string | null
}
type StoredStamp = Omit<SourceStampData, 'patch'> & { patch: StoredPatch | null }

/** Once more, the same or with what is to be different: a new buildset like the build's, for its builder alone. Answers [buildset id, { builder id: request id }]. */
export const rebuild: Control = async (tx, { deps: { activeGeneration }, id, args, actor }) => {
  const { buildsetId, requestId, builderId } = await rebuildWith(tx, { id, actor, activeGeneration }, readArguments(rebuildRequest, args))
  return [buildsetId, { [String(builderId)]: requestId }]
}

type Asked = { id: number; actor: string; activeGeneration(): Pick<ActiveGeneration, 'id'> | null }

/** Throws ControlError when the builder is gone, or what is to be different does not fit the build. */
export async function rebuildWith(tx: Transaction, { id, actor, activeGeneration }: Asked, changes: RebuildBody): Promise<{ buildsetId: number; requestId: number; builderId: number }> {
  const generation = activeGeneration()
  if (!generation) throw invalidParams('no configuration is active yet: a build needs one')
  const original = await originalOf(tx, id)
  if (!original.active) throw invalidParams(`the builder '${original.builder}' is not in the active configuration any more`)
  const properties = changedProperties(original.properties, changes)
  await checkWorker(tx, original, chosenWorker(properties))
  const added = await addBuildset(tx, {
    reason: changes.reason?.trim() || 'rebuild', scheduler: 'rebuild', actor, generationId: original.generation_id ?? generation.id,
    properties, priority: changes.priority ?? original.priority,
    sourcestamps: changedStamps(await sourcestampsOf(tx, original.buildset_id), changes), builderIds: [original.builder_id], externalId: original.external_id,
    parentBuildId: original.parent_build_id, parentRelationship: original.parent_relationship,
    // Of a rebuild of a rebuild, the first build is remembered.
    rebuiltBuildId: original.rebuilt_build_id ?? id,
  })
  const [request] = added.requests
  return { buildsetId: added.buildsetId, requestId: request!.requestId, builderId: request!.builderId }
}

/** Nobody else would build it. */
async function checkWorker(tx: Transaction, { builder_id: builderId, builder }: Original, worker: string | null): Promise<void> {
  if (worker === null) return
  const known = await tx.query('SELECT 1 FROM builder_workers g JOIN workers w ON w.id = g.worker_id WHERE g.builder_id = $1 AND w.name = $2 AND w.active', [builderId, worker])
  if (known.length === 0) throw invalidParams(`the builder '${builder}' has no worker '${worker}': change or remove the property workername`)
}

/** What the build was asked for with: the beginning of a form. */
export async function rebuildable(tx: Pick<Transaction, 'query'>, id: number): Promise<{ builder: string; reason: string; priority: number; properties: Properties; sourcestamps: StoredStamp[] }> {
  const { builder, reason, priority, properties, buildset_id: buildset } = await originalOf(tx, id)
  return { builder, reason, priority, properties, sourcestamps: await sourcestampsOf(tx, buildset) }
}

/** Only what differs says that it was changed. */
function changedProperties(properties: Properties, { properties: given = {}, remove_properties: removed = [] }: RebuildBody): Properties {
  const kept = Object.fromEntries(Object.entries(properties).filter(([name]) => !removed.includes(name)))
  const changed = Object.entries(given).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(kept[name]?.[0]))
  return { ...kept, ...propertiesFrom(Object.fromEntries(changed), rebuiltSource) }
}

function changedStamps(stamps: StoredStamp[], { branch, revision, sourcestamps = [] }: RebuildBody): SourceStampData[] {
  const [only, ...others] = stamps
  const ofOnly = { ...(branch === undefined ? {} : { branch }), ...(revision === undefined ? {} : { revision }) }
  if (Object.keys(ofOnly).length > 0 && (!only || others.length > 0)) throw invalidParams(`the build is of ${stamps.length} codebases (${stamps.map(stamp => `'${stamp.codebase}'`).join(', ')}): say of which one in sourcestamps`)
  const unknown = sourcestamps.find(({ codebase }) => !stamps.some(stamp => stamp.codebase === codebase))
  if (unknown) throw invalidParams(`the build has no codebase '${unknown.codebase}'; it has: ${stamps.map(stamp => `'${stamp.codebase}'`).join(', ')}`)
  return stamps.map(stamp => {
    const { patch: keepsPatch = true, codebase: _codebase, ...given } = { ...ofOnly, ...sourcestamps.find(({ codebase }) => codebase === stamp.codebase) }
    return { ...stamp, ...blankIsNull(given), patch: keepsPatch ? stamp.patch : null }
  })
}

/** As in a form: nothing written means the default branch, or the newest revision. */
function blankIsNull<T extends { branch?: string | null; revision?: string | null }>(given: T): T {
  const orNull = (text: string | null): string | null => (text === null || text.trim() === '' ? null : text.trim())
  return { ...given, ...(given.branch === undefined ? {} : { branch: orNull(given.branch) }), ...(given.revision === undefined ? {} : { revision: orNull(given.revision) }) }
}

async function originalOf(tx: Pick<Transaction, 'query'>, id: number): Promise<Original> {
  const [row] = await tx.query<Original>(
    `SELECT (SELECT active_generation_id FROM configuration_sets c WHERE c.name = d.set_name) AS generation_id, b.builder_id, d.name AS builder, d.active, r.priority, r.buildset_id, s.reason, CASE WHEN r.properties IS NULL THEN s.properties ELSE s.properties || r.properties END AS properties, s.external_id, s.rebuilt_build_id, s.parent_build_id, s.parent_relationship
     FROM builds b JOIN builders d ON d.id = b.builder_id JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id WHERE b.id = $1`, [id])
  if (!row) throw new Error(`build ${id} is gone: it was there a moment ago`)
  return row
}

function sourcestampsOf(tx: Pick<Transaction, 'query'>, buildsetId: number): Promise<StoredStamp[]> {
  return tx.query<StoredStamp>(
    `SELECT s.codebase, s.repository, s.project, s.branch, s.revision,
       CASE WHEN p.id IS NOT NULL THEN jsonb_build_object('id', p.id, 'level', p.level, 'subdir', p.subdir, 'author', p.author, 'comment', p.comment) END AS patch
     FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id LEFT JOIN patches p ON p.id = s.patch_id WHERE bs.buildset_id = $1 ORDER BY s.id`, [buildsetId])
}

