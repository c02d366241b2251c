import { buildrequests as type, type BuildRequest } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { builderId, numberIn } from './places.js'
import { raw, sql } from './sql.js'
import { askedProperties, column, flag, indexedWithId, orderedBy, rare, time, type StoredResource } from './stored-resource.js'

export const buildrequests: StoredResource<BuildRequest> = {
  type,
  from: raw('build_requests r'),
  id: raw('r.id'),
  grows: 'build_requests',
  columns: {
    buildrequestid: rare(column('r.id'), 'range'),
    buildsetid: rare(column('r.buildset_id'), 'range'),
    builderid: indexedWithId(column('r.builder_id')),
    priority: column('r.priority'),
    // As in Buildbot, what ends without a build (cancelled, collapsed) is claimed in that moment. Worded by state, so that the two partial indexes find
    // what waits and what runs among millions that are complete.
    claimed: flag({ yes: `r.state <> 'pending'`, no: `r.state = 'pending'`, mostly: true }),
    claimed_at: time('coalesce(r.claimed_at, r.complete_at)', { nullable: true }),
    claimed_by_masterid: column('r.replica_id', { nullable: true }),
    complete: flag({ yes: `r.state = 'complete'`, no: `r.state = 'pending' OR r.state = 'claimed'`, mostly: true }),
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
