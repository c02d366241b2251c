import type { Database } from '@yardmaster/db'
import { builders as type, type Builder } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { enginesOf } from './masters.js'
import { builderId, numberIn, workerId, type PathParams } from './places.js'
import { raw, sql } from './sql.js'
import { column, list, type StoredResource } from './stored-resource.js'

export const builders: StoredResource<Builder> = {
  type,
  from: raw('builders b'),
  id: raw('b.id'),
  inPython: true,
  columns: {
    builderid: column('b.id'),
    name: column('b.name'),
    masterids: list(enginesOf('b.active')),
    description: column('b.description', { nullable: true }),
    description_format: column('NULL::text', { nullable: true }),
    description_html: column('NULL::text', { nullable: true }),
    projectid: column('b.project_id', { nullable: true }),
    tags: list('b.tags'),
  },
}

const isOne = (params: PathParams) => [sql`b.id = ${builderId(params)}`]
const onMaster = (params: PathParams) =>
  [sql`b.active AND EXISTS (SELECT 1 FROM replicas m WHERE m.id = ${numberIn(params, 'masterid')} AND m.state = 'alive' AND m.role = 'engine')`]

/** What is told of builders changes with an activation of a configuration alone, and with the engines that live. */
async function versionOf(db: Database): Promise<string> {
  const { rows } = await db.pool.query<{ version: string }>(
    `SELECT concat_ws(';', (SELECT string_agg(name || ' ' || version, ',' ORDER BY name) FROM configuration_sets), (SELECT string_agg(id::text, ',' ORDER BY id) FROM replicas WHERE state = 'alive' AND role = 'engine')) AS version`)
  return rows[0]?.version ?? ''
}

export const builderEndpoints: Endpoint[] = [
  { ...collection(builders, '/builders'), version: versionOf },
  single(builders, '/builders/:builder', isOne),
  collection(builders, '/masters/:masterid/builders', onMaster),
  single(builders, '/masters/:masterid/builders/:builder', params => [...onMaster(params), ...isOne(params)]),
  collection(builders, '/projects/:projectid/builders', params => [sql`b.project_id = ${numberIn(params, 'projectid')}`]),
  collection(builders, '/workers/:worker/builders', params => [sql`b.id IN (SELECT builder_id FROM builder_workers WHERE worker_id = ${workerId(params)})`]),
]
