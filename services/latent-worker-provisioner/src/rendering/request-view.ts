import type { Database } from '@yardmaster/db'
import { mergeProperties, propertiesFrom, type BuildView, type Json, type Properties, type SourceStampData } from '@yardmaster/domain'
import type { LoadedGeneration } from '@yardmaster/replica'

type RequestRow = {
  id: number; builderId: number; builderKey: string; buildsetId: number; projectId: number | null; project: string | null; reason: string; properties: Properties; sourcestamps: SourceStampData[]
}

/**
 * Builds that are waited for, as far as they are known before they have a worker: what is the worker's, and the build's own number, is not among their properties. By request; those that are
 * not there any more are missing.
 */
export async function readRequestViews(db: Database, { configuration }: LoadedGeneration, requestIds: readonly number[]): Promise<Map<number, BuildView>> {
  const { rows } = await db.pool.query<RequestRow>(
    `SELECT r.id, u.id AS "builderId", u.key AS "builderKey", s.id AS "buildsetId", p.id AS "projectId", p.name AS project, s.reason, s.properties,
       coalesce((SELECT jsonb_agg(jsonb_build_object('codebase', t.codebase, 'repository', t.repository, 'project', t.project, 'branch', t.branch, 'revision', t.revision) ORDER BY t.codebase, t.id)
         FROM buildset_sourcestamps b JOIN sourcestamps t ON t.id = b.sourcestamp_id WHERE b.buildset_id = s.id), '[]') AS sourcestamps
     FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id JOIN builders u ON u.id = r.builder_id LEFT JOIN projects p ON p.id = r.project_id WHERE r.id = ANY($1)`, [requestIds])
  return new Map(rows.map(row => [row.id, viewOf(row, configuration)]))
}

/** The same layers as a build's. */
function viewOf({ id, builderId, builderKey, buildsetId, projectId, project, reason, properties, sourcestamps }: RequestRow, { builders }: LoadedGeneration['configuration']): BuildView {
  const builder = builders.find(({ key }) => key === builderKey)
  const [source, ...others] = sourcestamps
  const ofProject: { [name: string]: Json } = project === null ? {} : { projectname: project, projectid: projectId }
  return {
    properties: mergeProperties(
      propertiesFrom(builder?.defaultProperties ?? {}, 'Builder'),
      properties,
      propertiesFrom({ buildername: builder?.name ?? builderKey, builderid: builderId, ...ofProject, ...builder?.properties }, 'Builder'),
      source && others.length === 0 ? propertiesFrom({ branch: source.branch, revision: source.revision, repository: source.repository, codebase: source.codebase, project: source.project }, 'Build') : {},
    ),
    sourcestamps: Object.fromEntries(sourcestamps.map(stamp => [stamp.codebase, stamp])),
    build: { id: 0, number: 0, builder: builder?.name ?? builderKey, worker: '', buildset: buildsetId, buildrequest: id, reason },
  }
}
