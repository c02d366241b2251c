import { workers as type, type Worker } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { builderId, numberIn, workerId, type PathParams } from './places.js'
import { raw, sql } from './sql.js'
import { column, flag, type StoredResource } from './stored-resource.js'

const connectedTo = `CASE WHEN s.connected THEN jsonb_build_array(jsonb_build_object('masterid', s.replica_id)) ELSE '[]'::jsonb END`

/** Put together as text, which takes a third of the time that JSON functions take: a worker of thousands of builders has them for each engine. */
const configuredOn = `(SELECT coalesce('[' || string_agg('{"builderid":' || bw.builder_id || ',"masterid":' || e.id || '}', ',' ORDER BY bw.builder_id, e.id) || ']', '[]')::json
  FROM builder_workers bw JOIN builders b ON b.id = bw.builder_id AND b.active CROSS JOIN unnest(ARRAY(SELECT id FROM replicas WHERE state = 'alive' AND role = 'engine')) AS e(id) WHERE bw.worker_id = w.id)`

/** What Buildbot tells of a worker that has ever been there: texts, as its page shows each of them. A worker of ours has its files apart. */
const info = `CASE WHEN w.info = '{}'::jsonb THEN w.info ELSE (SELECT jsonb_object_agg(name, coalesce(w.info->'files'->name, w.info->name)) FROM unnest('{admin,host,access_uri,version}'::text[]) name) END`

export const workers: StoredResource<Worker> = {
  type,
  from: raw('workers w LEFT JOIN worker_sessions s ON s.worker_id = w.id'),
  id: raw('w.id'),
  inPython: true,
  columns: {
    workerid: column('w.id'),
    name: column('w.name'),
    connected_to: column(connectedTo),
    // Text as JSON has no order.
    configured_on: { ...column(configuredOn), key: raw(`(${configuredOn})::jsonb`) },
    workerinfo: column(info),
    paused: flag({ yes: 'w.paused', no: 'NOT w.paused' }),
    pause_reason: column('w.pause_reason', { nullable: true }),
    graceful: flag({ yes: 'w.graceful', no: 'NOT w.graceful' }),
  },
}

const isOne = (params: PathParams) => [sql`w.id = ${workerId(params)}`]
const onMaster = (params: PathParams) => [sql`EXISTS (SELECT 1 FROM replicas m WHERE m.id = ${numberIn(params, 'masterid')} AND m.state = 'alive' AND m.role = 'engine')`, raw('w.active')]
const ofBuilder = (params: PathParams) => [sql`w.id IN (SELECT worker_id FROM builder_workers WHERE builder_id = ${builderId(params)})`]

export const workerEndpoints: Endpoint[] = [
  { path: '', scope: (_params: PathParams) => [] },
  { path: '/masters/:masterid', scope: onMaster },
  { path: '/builders/:builder', scope: ofBuilder },
  { path: '/masters/:masterid/builders/:builder', scope: (params: PathParams) => [...onMaster(params), ...ofBuilder(params)] },
].flatMap(({ path, scope }) => [
  collection(workers, `${path}/workers`, scope),
  single(workers, `${path}/workers/:worker`, params => [...scope(params), ...isOne(params)]),
])
