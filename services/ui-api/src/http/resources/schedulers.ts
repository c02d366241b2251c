import { schedulers as type, type Scheduler } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { masterObject } from './masters.js'
import { numberIn, type PathParams } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, type StoredResource } from './stored-resource.js'

/** One scheduler replica at a time dispatches changes: it is the master of all active schedulers. */
const dispatcher = `(SELECT ${masterObject('m')} FROM duties d JOIN replicas m ON m.id = d.replica_id WHERE d.name = 'dispatch' AND m.state = 'alive' AND s.active)`

export const schedulers: StoredResource<Scheduler> = {
  type,
  from: raw('schedulers s'),
  id: raw('s.id'),
  inPython: true,
  columns: {
    schedulerid: column('s.id'),
    name: column('s.name'),
    enabled: flag({ yes: 's.enabled', no: 'NOT s.enabled' }),
    master: column(dispatcher, { nullable: true }),
  },
}

const isOne = (params: PathParams) => [sql`s.id = ${numberIn(params, 'schedulerid')}`]
const onMaster = (params: PathParams) => [sql`s.active AND EXISTS (SELECT 1 FROM duties d WHERE d.name = 'dispatch' AND d.replica_id = ${numberIn(params, 'masterid')})`]

export const schedulerEndpoints: Endpoint[] = [
  collection(schedulers, '/schedulers'),
  single(schedulers, '/schedulers/:schedulerid', isOne),
  collection(schedulers, '/masters/:masterid/schedulers', onMaster),
  single(schedulers, '/masters/:masterid/schedulers/:schedulerid', params => [...onMaster(params), ...isOne(params)]),
]
