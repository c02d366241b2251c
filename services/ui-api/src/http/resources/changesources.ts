import { changesources as type, type Changesource } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { masterObject } from './masters.js'
import { numberIn, type PathParams } from './places.js'
import { raw, sql } from './sql.js'
import { column, type StoredResource } from './stored-resource.js'

/** Any scheduler of its set may poll it next: who is polling it now, else the one that lives longest. */
const poller = (what: string) =>
  `(SELECT ${what} FROM replicas m WHERE s.active AND m.state = 'alive' AND m.role = 'scheduler' AND (cardinality(m.sets) = 0 OR s.set_name = ANY(m.sets)) ORDER BY m.id = s.holder_id DESC NULLS LAST, m.id LIMIT 1)`

export const changesources: StoredResource<Changesource> = {
  type,
  from: raw('change_sources s'),
  id: raw('s.id'),
  inPython: true,
  columns: {
    changesourceid: column('s.id'),
    name: column('s.name'),
    master: column(poller(masterObject('m')), { nullable: true }),
  },
}

const isOne = (params: PathParams) => [sql`s.id = ${numberIn(params, 'changesourceid')}`]
const onMaster = (params: PathParams) => [sql`${numberIn(params, 'masterid')} = ${raw(poller('m.id'))}`]

export const changesourceEndpoints: Endpoint[] = [
  collection(changesources, '/changesources'),
  single(changesources, '/changesources/:changesourceid', isOne),
  collection(changesources, '/masters/:masterid/changesources', onMaster),
  single(changesources, '/masters/:masterid/changesources/:changesourceid', params => [...onMaster(params), ...isOne(params)]),
]
