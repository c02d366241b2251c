import { changes as type, type Change } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { buildId, buildPlaces, numberIn } from './places.js'
import { sourcestampObject } from './sourcestamps.js'
import { raw, sql, type Sql } from './sql.js'
import { column, list, time, type StoredResource } from './stored-resource.js'

export const changes: StoredResource<Change> = {
  type,
  from: raw('changes c JOIN sourcestamps ss ON ss.id = c.sourcestamp_id'),
  id: raw('c.id'),
  columns: {
    changeid: column('c.id'),
    parent_changeids: list('c.parent_change_ids'),
    author: column('c.author'),
    committer: column('c.committer', { nullable: true }),
    files: list('c.files'),
    comments: column('c.comments'),
    revision: column('c.revision', { nullable: true }),
    when_timestamp: time('c.when_at'),
    branch: column('c.branch', { nullable: true }),
    category: column('c.category', { nullable: true }),
    revlink: column('c.revlink', { nullable: true }),
    properties: column('c.properties'),
    repository: column('c.repository'),
    project: column('c.project'),
    codebase: column('c.codebase'),
    sourcestamp: column(sourcestampObject('ss')),
  },
}

/**
 * What is new in a build: for each of its sourcestamps the newest change of it, and those between that and the change of the
 * last successful build before it of the same codebase, repository and branch on the same builder.
 */
function newIn(build: Sql): Sql {
  return sql`c.id IN (
    WITH this AS (SELECT b.id, b.builder_id, b.number, r.buildset_id FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE b.id = ${build}),
    stamps AS (
      SELECT s.*, (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest
      FROM this JOIN buildset_sourcestamps bs ON bs.buildset_id = this.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
    )
    SELECT among.id FROM this CROSS JOIN stamps
    LEFT JOIN LATERAL (
      SELECT (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest
      FROM builds b JOIN build_requests r ON r.id = b.build_request_id JOIN buildset_sourcestamps bs ON bs.buildset_id = r.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
      WHERE b.builder_id = this.builder_id AND b.number < this.number AND b.results = 0
        AND s.codebase = stamps.codebase AND s.repository = stamps.repository AND s.project = stamps.project AND s.branch IS NOT DISTINCT FROM stamps.branch
      ORDER BY b.number DESC LIMIT 1
    ) AS before ON true
    JOIN changes among ON among.id <= stamps.newest AND among.id > coalesce(before.newest, stamps.newest - 1)
      AND among.codebase = stamps.codebase AND among.repository = stamps.repository AND among.project = stamps.project AND among.branch IS NOT DISTINCT FROM stamps.branch
  )`
}

export const changeEndpoints: Endpoint[] = [
  collection(changes, '/changes'),
  single(changes, '/changes/:changeid', params => [sql`c.id = ${numberIn(params, 'changeid')}`]),
  collection(changes, '/sourcestamps/:ssid/changes', params => [sql`c.sourcestamp_id = ${numberIn(params, 'ssid')}`]),
  ...buildPlaces.map(place => collection(changes, `${place}/changes`, params => [newIn(buildId(params))])),
]
