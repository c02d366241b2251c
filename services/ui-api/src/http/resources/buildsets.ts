import { buildsets as type, type Buildset } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { numberIn } from './places.js'
import { sourcestampObject } from './sourcestamps.js'
import { raw, sql } from './sql.js'
import { column, flag, orderedBy, rare, time, type StoredResource } from './stored-resource.js'

const stampsOf = `(SELECT coalesce(jsonb_agg(${sourcestampObject('ss')} ORDER BY ss.id), '[]')
  FROM buildset_sourcestamps bs JOIN sourcestamps ss ON ss.id = bs.sourcestamp_id WHERE bs.buildset_id = s.id)`

export const buildsets: StoredResource<Buildset> = {
  type,
  from: raw('buildsets s'),
  id: raw('s.id'),
  grows: 'buildsets',
  columns: {
    bsid: rare(column('s.id'), 'range'),
    external_idstring: column('s.external_id', { nullable: true }),
    reason: column('s.reason'),
    rebuilt_buildid: rare(column('s.rebuilt_build_id', { nullable: true })),
    submitted_at: orderedBy('s.id', time('s.submitted_at')),
    complete: flag({ yes: 's.complete_at IS NOT NULL', no: 's.complete_at IS NULL', mostly: true }),
    complete_at: time('s.complete_at', { nullable: true }),
    results: column('s.results', { nullable: true }),
    sourcestamps: column(stampsOf),
    parent_buildid: rare(column('s.parent_build_id', { nullable: true })),
    parent_relationship: column('s.parent_relationship', { nullable: true }),
  },
}

export const buildsetEndpoints: Endpoint[] = [
  collection(buildsets, '/buildsets'),
  single(buildsets, '/buildsets/:bsid', params => [sql`s.id = ${numberIn(params, 'bsid')}`]),
]
