import { buildData as type, type BuildData } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { buildId, buildPlaces } from './places.js'
import { raw, sql } from './sql.js'
import { column, type StoredResource } from './stored-resource.js'

const buildData: StoredResource<BuildData> = {
  type,
  from: raw('build_data d'),
  id: raw('d.name'),
  inPython: true,
  columns: {
    buildid: column('d.build_id'),
    name: column('d.name'),
    length: column('octet_length(d.value)'),
    value: column('NULL::text', { nullable: true }),
    source: column('d.source'),
  },
}

export const buildDataEndpoints: Endpoint[] = buildPlaces.flatMap(place => [
  collection(buildData, `${place}/data`, params => [sql`d.build_id = ${buildId(params)}`]),
  single(buildData, `${place}/data/:name`, params => [sql`d.build_id = ${buildId(params)}`, sql`d.name = ${params.name}`]),
])
