import type { Properties } from '@yardmaster/domain'
import { applyResultSpec, propertyList, type ResourceType } from '@yardmaster/rest'
import { z } from 'zod'
import type { Endpoint, EndpointRequest } from './endpoint.js'
import { buildId, buildPlaces, numberIn, type PathParams } from './places.js'
import { pythonJson } from './python-json.js'
import { sql, toQuery, type Sql } from './sql.js'

/** Its one resource is the map of properties itself: there are no fields to filter by. */
const propertiesType: ResourceType = { name: 'property', plural: 'properties', fields: {}, schema: z.record(z.string(), z.unknown()), spec: { name: 'sourcedproperties', type_spec: { name: 'sourcedproperties' } } }

type Source = (params: PathParams) => Sql

const ofBuild: Source = params => sql`SELECT properties FROM builds WHERE id = ${buildId(params)}`
const ofBuildset: Source = params => sql`SELECT properties FROM buildsets WHERE id = ${numberIn(params, 'bsid')}`
const ofRequest: Source = params => sql`SELECT s.properties || coalesce(r.properties, '{}') AS properties FROM build_requests r JOIN buildsets s ON s.id = r.buildset_id WHERE r.id = ${numberIn(params, 'buildrequestid')}`
const ofChange: Source = params => sql`SELECT properties FROM changes WHERE id = ${numberIn(params, 'changeid')}`

/** Of what is not there, as Buildbot answers it: none. */
async function read({ db, params }: EndpointRequest, source: Source): Promise<Properties> {
  const { rows } = await db.pool.query<{ properties: Properties }>(toQuery(source(params)))
  return rows[0]?.properties ?? {}
}

function asMap(path: string, source: Source): Endpoint {
  return {
    path, type: propertiesType, kind: 'single',
    answer: async request => ({ rows: [await read(request, source)], total: null }),
  }
}

function asList(path: string, source: Source): Endpoint {
  return {
    path, type: propertyList, kind: 'collection',
    async answer(request) {
      const listed = Object.entries(await read(request, source)).map(([name, [value, from]]) => ({ name, source: from, value: pythonJson(value) }))
      return applyResultSpec(listed, request.spec)
    },
  }
}

export const propertyEndpoints: Endpoint[] = [
  ...buildPlaces.map(place => asMap(`${place}/properties`, ofBuild)),
  asMap('/buildsets/:bsid/properties', ofBuildset),
  { ...asMap('/buildrequests/:buildrequestid/properties', ofRequest), undescribed: true },
  { ...asMap('/changes/:changeid/properties', ofChange), undescribed: true },
  asList('/builds/:buildid/property_list', ofBuild),
  asList('/buildsets/:bsid/properties_list', ofBuildset),
  asList('/changes/:changeid/properties_list', ofChange),
]
