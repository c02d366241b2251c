import { changes as type, type Change } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { buildId, buildPlaces, numberIn } from './places.js'
import { sourcestampObject } from './sourcestamps.js'
import { raw, sql, type Sql } from './sql.js'
import { column, indexedText, list, rare, sortedText, time, type StoredResource } from './stored-resource.js'

export const changes: StoredResource<Change> = {
  type,
  from: raw('changes c'),
  id: raw('c.id'),
  grows: 'changes',
  columns: {
    changeid: rare(column('c.id'), 'range'),
    parent_changeids: list('c.parent_change_ids'),
    author: indexedText('c.author'),
    committer: column('c.committer', { nullable: true }),
    files: list('c.files'),
    comments: column('c.comments'),
    revision: indexedText('c.revision', { nullable: true }),
    when_timestamp: time('c.when_at'),
    branch: sortedText('c.branch', { nullable: true }),
    category: column('c.category', { nullable: true }),
    revlink: column('c.revlink', { nullable: true }),
    properties: column('c.properties'),
    repository: sortedText('c.repository'),
    project: sortedText('c.project'),
    codebase: column('c.codebase'),
    sourcestamp: column(`(SELECT ${sourcestampObject('ss')} FROM sourcestamps ss WHERE ss.id = c.sourcestamp_id)`),
  },
}

/**
 * What is new in a build: for each of its sourcestamps the newest change of it, and those between that and the change of the
 * last successful build of the same codebase, repository and branch among the thousand before it on the same builder.
 */
function newIn(build: Sql): Sql {
  // Where to look is settled before anything is looked for: the planner would look for the build before, again for each change there is.
  return sql`c.id IN (
    WITH this AS (SELECT b.id, b.builder_id, b.number, r.buildset_id FROM builds b JOIN build_requests r ON r.id = b.build_request_id WHERE b.id = ${build}),
    stamps AS (
      SELECT s.*, (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest
      FROM this JOIN buildset_sourcestamps bs ON bs.buildset_id = this.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
    ),
    spans AS MATERIALIZED (
      SELECT stamps.codebase, stamps.repository, stamps.project, stamps.branch, stamps.newest, coalesce(before.newest, stamps.newest - 1) AS since
      FROM this CROSS JOIN stamps LEFT JOIN LATERAL (
        SELECT (SELECT max(id) FROM changes WHERE sourcestamp_id = s.id) AS newest
        FROM (SELECT * FROM builds WHERE builder_id = this.builder_id AND number < this.number AND number >= this.number - 1000 AND results = 0 ORDER BY number DESC OFFSET 0) b
        JOIN build_requests r ON r.id = b.build_request_id JOIN buildset_sourcestamps bs ON bs.buildset_id = r.buildset_id JOIN sourcestamps s ON s.id = bs.sourcestamp_id
        WHERE s.codebase = stamps.codebase AND s.repository = stamps.repository AND s.project = stamps.project AND s.branch IS NOT DISTINCT FROM stamps.branch
        ORDER BY b.number DESC LIMIT 1
      ) AS before ON true
    )
    SELECT among.id FROM spans CROSS JOIN LATERAL (SELECT * FROM changes WHERE id <= spans.newest AND id > spans.since OFFSET 0) among
    WHERE among.codebase = spans.codebase AND among.repository = spans.repository AND among.project = spans.project AND among.branch IS NOT DISTINCT FROM spans.branch
  )`
}

export const changeEndpoints: Endpoint[] = [
  collection(changes, '/changes'),
  single(changes, '/changes/:changeid', params => [sql`c.id = ${numberIn(params, 'changeid')}`]),
  collection(changes, '/sourcestamps/:ssid/changes', params => [sql`c.sourcestamp_id = ${numberIn(params, 'ssid')}`], { few: true }),
  ...buildPlaces.map(place => collection(changes, `${place}/changes`, params => [newIn(buildId(params))], { few: true })),
]
