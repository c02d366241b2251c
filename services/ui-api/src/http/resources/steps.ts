import { steps as type, type Step } from '@yardmaster/rest'
import { partsOf, single, type Endpoint } from './endpoint.js'
import { buildId, buildPlaces, stepId, stepPlaces } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, time, type StoredResource } from './stored-resource.js'

export const steps: StoredResource<Step> = {
  type,
  from: raw('steps s'),
  id: raw('s.id'),
  inPython: true,
  columns: {
    stepid: column('s.id'),
    number: column('s.number'),
    name: column('s.name'),
    buildid: column('s.build_id'),
    started_at: time('s.started_at', { nullable: true }),
    // A step without locks has them from its start, as in Buildbot.
    locks_acquired_at: time('s.started_at', { nullable: true }),
    complete: flag({ yes: 's.complete_at IS NOT NULL', no: 's.complete_at IS NULL' }),
    complete_at: time('s.complete_at', { nullable: true }),
    results: column('s.results', { nullable: true }),
    state_string: column('s.state_string'),
    urls: column('s.urls'),
    hidden: flag({ yes: 's.hidden', no: 'NOT s.hidden' }),
  },
}

export const stepEndpoints: Endpoint[] = [
  ...buildPlaces.map(place => partsOf(steps, `${place}/steps`, { scope: params => [sql`s.build_id = ${buildId(params)}`], owner: buildId })),
  ...stepPlaces.map(place => single(steps, place, params => [sql`s.id = ${stepId(params)}`])),
]
