import { logs as type, type Log } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { logId, logPlaces, stepId, stepPlaces } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, type StoredResource } from './stored-resource.js'

export const logs: StoredResource<Log> = {
  type,
  from: raw('logs l'),
  id: raw('l.id'),
  inPython: true,
  columns: {
    logid: column('l.id'),
    name: column('l.name'),
    slug: column('l.slug'),
    stepid: column('l.step_id'),
    complete: flag({ yes: 'l.complete', no: 'NOT l.complete' }),
    num_lines: column('l.num_lines'),
    type: column('l.type'),
  },
}

export const logEndpoints: Endpoint[] = [
  ...stepPlaces.map(place => collection(logs, `${place}/logs`, params => [sql`l.step_id = ${stepId(params)}`])),
  ...logPlaces.map(place => single(logs, place, params => [sql`l.id = ${logId(params)}`])),
]
