import { buildrequests as type, type BuildRequest } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { builderId, numberIn } from './places.js'
import { raw, sql } from './sql.js'
import { askedProperties, column, flag, orderedBy, time, type StoredResource } from './stored-resource.js'

export const buildrequests: StoredResource<BuildRequest> = {
  type,
  from: raw('build_requests r'),
  id: raw('r.id'),
  columns: {
    buildrequestid: column('r.id'),
    buildsetid: column('r.buildset_id'),
    builderid: column('r.builder_id'),
    priority: column('r.priority'),
    // Worded by state, so that the two partial indexes find what waits and what runs among millions that are complete.
    claimed: flag({ yes: 'r.claimed_at IS NOT NULL', no: `r.state = 'pending' OR (r.state = 'complete' AND r.claimed_at IS NULL)` }),
    claimed_at: time('r.claimed_at', { nullable: true }),
    claimed_by_masterid: column('r.replica_id', { nullable: true }),
    complete: flag({ yes: `r.state = 'complete'`, no: `r.state = 'pending' OR r.state = 'claimed'` }),
    results: column('r.results', { nullable: true }),
    submitted_at: orderedBy('r.id', time('r.submitted_at')),
    complete_at: time('r.complete_at', { nullable: true }),
    waited_for: flag({ yes: 'r.waited_for', no: 'NOT r.waited_for' }),
    properties: askedProperties('SELECT s.properties FROM buildsets s WHERE s.id = r.buildset_id', 'null'),
  },
}

export const buildrequestEndpoints: Endpoint[] = [
  collection(buildrequests, '/buildrequests'),
  single(buildrequests, '/buildrequests/:buildrequestid', params => [sql`r.id = ${numberIn(params, 'buildrequestid')}`]),
  collection(buildrequests, '/builders/:builder/buildrequests', params => [sql`r.builder_id = ${builderId(params)}`]),
]
