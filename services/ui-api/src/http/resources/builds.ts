import { builds as type, type Build } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { buildId, builderId, buildPlaces, numberIn, workerId } from './places.js'
import { raw, sql } from './sql.js'
import { askedProperties, column, flag, indexed, indexedWithId, orderedBy, rare, risingTime, time, type StoredResource } from './stored-resource.js'

const allBuilds: StoredResource<Build> = {
  type,
  from: raw('builds b'),
  id: raw('b.id'),
  grows: 'builds',
  columns: {
    buildid: rare(column('b.id'), 'range'),
    number: column('b.number'),
    builderid: indexedWithId(column('b.builder_id')),
    buildrequestid: rare(column('b.build_request_id'), 'range'),
    workerid: indexedWithId(column('b.worker_id')),
    masterid: column('b.replica_id', { nullable: true }),
    started_at: risingTime('b.started_at', { table: 'builds', id: 'b.id' }),
    complete: flag({ yes: 'b.complete_at IS NOT NULL', no: 'b.complete_at IS NULL', mostly: true }),
    complete_at: indexed(time('b.complete_at', { nullable: true }), 'range'),
    // A bare 0 in ORDER BY would be the place of a column.
    locks_duration_s: column('0::integer'),
    results: indexed(column('b.results', { nullable: true })),
    state_string: column('b.state_string'),
    properties: askedProperties('b.properties', 'empty'),
  },
}

/** Numbers rise with ids, and of one builder only they have an index: by id, the database would walk through the builds of all builders. */
const buildsOfBuilder: StoredResource<Build> = {
  ...allBuilds,
  id: raw('b.number'),
  columns: { ...allBuilds.columns, number: rare(allBuilds.columns.number, 'range'), buildid: orderedBy('b.number', allBuilds.columns.buildid), started_at: orderedBy('b.number', allBuilds.columns.started_at) },
}

export const builds: StoredResource<Build> = { ...allBuilds, ofOne: { field: 'builderid', resource: buildsOfBuilder } }

const buildsOfRequests = raw('b.build_request_id IN')

export const buildEndpoints: Endpoint[] = [
  collection(builds, '/builds'),
  ...buildPlaces.map(place => single(builds, place, params => [sql`b.id = ${buildId(params)}`])),
  collection(buildsOfBuilder, '/builders/:builder/builds', params => [sql`b.builder_id = ${builderId(params)}`], { total: params => sql`SELECT next_number - 1 AS total FROM builders WHERE id = ${builderId(params)}` }),
  collection(builds, '/buildrequests/:buildrequestid/builds', params => [sql`b.build_request_id = ${numberIn(params, 'buildrequestid')}`], { few: true }),
  collection(builds, '/workers/:worker/builds', params => [sql`b.worker_id = ${workerId(params)}`]),
  collection(builds, '/changes/:changeid/builds', params => [sql`${buildsOfRequests} (
    SELECT r.id FROM changes c JOIN buildset_sourcestamps bs ON bs.sourcestamp_id = c.sourcestamp_id JOIN build_requests r ON r.buildset_id = bs.buildset_id
    WHERE c.id = ${numberIn(params, 'changeid')})`], { few: true }),
  collection(builds, '/builds/:buildid/triggered_builds', params => [sql`${buildsOfRequests} (
    SELECT r.id FROM buildsets s JOIN build_requests r ON r.buildset_id = s.id WHERE s.parent_build_id = ${numberIn(params, 'buildid')})`], { few: true }),
]
