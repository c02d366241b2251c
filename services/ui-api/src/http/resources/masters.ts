import { masters as type, type Master } from '@yardmaster/rest'
import type { Endpoint } from './endpoint.js'
import { collection, single } from './endpoint.js'
import { builderId, numberIn, type PathParams } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, time, type StoredResource } from './stored-resource.js'

export const masters: StoredResource<Master> = {
  type,
  from: raw('replicas m'),
  id: raw('m.id'),
  inPython: true,
  columns: {
    masterid: column('m.id'),
    name: column('m.name'),
    active: flag({ yes: `m.state = 'alive'`, no: `m.state <> 'alive'` }),
    last_active: time('m.seen_at'),
  },
}

/** A master as part of another resource, as JSON. */
export const masterObject = (row: string) =>
  `jsonb_build_object('masterid', ${row}.id, 'name', ${row}.name, 'active', ${row}.state = 'alive', 'last_active', floor(extract(epoch FROM ${row}.seen_at)))`

/** A configured builder runs on every living engine. */
export const enginesOf = (isConfigured: string) => `CASE WHEN ${isConfigured} THEN ARRAY(SELECT e.id FROM replicas e WHERE e.state = 'alive' AND e.role = 'engine' ORDER BY e.id) ELSE '{}'::bigint[] END`

const isOne = (params: PathParams) => [sql`m.id = ${numberIn(params, 'masterid')}`]
const runsBuilder = (params: PathParams) =>
  [raw(`m.state = 'alive' AND m.role = 'engine'`), sql`EXISTS (SELECT 1 FROM builders b WHERE b.id = ${builderId(params)} AND b.active)`]

export const masterEndpoints: Endpoint[] = [
  collection(masters, '/masters'),
  single(masters, '/masters/:masterid', isOne),
  collection(masters, '/builders/:builder/masters', runsBuilder),
  single(masters, '/builders/:builder/masters/:masterid', params => [...isOne(params), ...runsBuilder(params)]),
]
