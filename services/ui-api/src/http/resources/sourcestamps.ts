import { sourcestamps as type, type SourceStamp } from '@yardmaster/rest'
import { collection, single, type Endpoint } from './endpoint.js'
import { numberIn } from './places.js'
import { raw, sql } from './sql.js'
import { column, indexedText, rare, time, type StoredResource } from './stored-resource.js'

const patchOf = (row: string, body: string) =>
  `CASE WHEN ${row}.patch_id IS NOT NULL THEN (SELECT jsonb_build_object('patchid', p.id, 'level', p.level, 'subdir', p.subdir, 'body', ${body}, 'author', p.author, 'comment', p.comment)
    FROM patches p WHERE p.id = ${row}.patch_id) END`

export const sourcestamps: StoredResource<SourceStamp> = {
  type,
  from: raw('sourcestamps ss'),
  id: raw('ss.id'),
  grows: 'sourcestamps',
  inPython: true,
  columns: {
    ssid: rare(column('ss.id'), 'range'),
    branch: column('ss.branch', { nullable: true }),
    revision: indexedText('ss.revision', { nullable: true }),
    repository: column('ss.repository'),
    project: column('ss.project'),
    codebase: column('ss.codebase'),
    patch: column(patchOf('ss', 'p.body'), { nullable: true }),
    created_at: time('ss.created_at'),
  },
}

/** Bytes of a patch's text that are shown with another resource, or in a list of all: of a larger one the text is at its sourcestamp. */
const MOST_EMBEDDED = 10_000
const shortBody = `CASE WHEN octet_length(p.body) <= ${MOST_EMBEDDED} THEN p.body END`

const listed: StoredResource<SourceStamp> = { ...sourcestamps, columns: { ...sourcestamps.columns, patch: column(patchOf('ss', shortBody), { nullable: true }) } }

/** A sourcestamp as part of another resource, as JSON. */
export const sourcestampObject = (row: string) =>
  `jsonb_build_object('ssid', ${row}.id, 'branch', ${row}.branch, 'revision', ${row}.revision, 'repository', ${row}.repository, 'project', ${row}.project,
    'codebase', ${row}.codebase, 'patch', ${patchOf(row, shortBody)}, 'created_at', floor(extract(epoch FROM ${row}.created_at)))`

export const sourcestampEndpoints: Endpoint[] = [
  collection(listed, '/sourcestamps'),
  single(sourcestamps, '/sourcestamps/:ssid', params => [sql`ss.id = ${numberIn(params, 'ssid')}`]),
  collection(sourcestamps, '/buildsets/:bsid/sourcestamps', params => [sql`ss.id IN (SELECT sourcestamp_id FROM buildset_sourcestamps WHERE buildset_id = ${numberIn(params, 'bsid')})`], { few: true }),
]
