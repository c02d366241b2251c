import type { Database } from '@yardmaster/db'
import type { ListedBuild, ListedBuilder, ListedChange, ListedRequest, routes } from '@yardmaster/rest'
import { join, raw, sql, toQuery, type Sql } from '../resources/sql.js'
import type { AskedOf } from './serve.js'
import { pageOfIds } from './windows.js'

type Lists = typeof routes.lists

const seconds = (expression: string) => `extract(epoch FROM ${expression})::float8`
const when = <T>(value: T | undefined, condition: (value: T) => Sql): Sql[] => (value === undefined ? [] : [condition(value)])
/** Those whose text begins so, worded as the indexes of the first hundred characters are. */
export const beginsWith = (column: string, text: string): Sql => sql`left(${raw(column)}, 100) LIKE ${`${text.slice(0, 100).replaceAll(/[\\%_]/g, '\\$&')}%`}`
/** The same of the whole text. */
export const ofBranch = (column: string, name: string): Sql => sql`left(${raw(column)}, 100) = left(${name}, 100) AND ${raw(column)} = ${name}`

const builderId = (which: string) => sql`(SELECT id FROM builders WHERE name = ${which} OR id::text = ${which} ORDER BY name = ${which} DESC, active DESC, id LIMIT 1)`
const workerId = (which: string) => sql`(SELECT id FROM workers WHERE name = ${which} OR id::text = ${which} ORDER BY name = ${which} DESC LIMIT 1)`
const projectId = (which: string) => sql`(SELECT id FROM projects WHERE name = ${which})`

const sources = (buildset: string) => `(SELECT coalesce(jsonb_agg(jsonb_build_object('codebase', s.codebase, 'repository', s.repository, 'project', s.project, 'branch', s.branch, 'revision', s.revision) ORDER BY s.codebase, s.id), '[]')
    FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = ${buildset}) AS sources`

const built = (buildset: string, condition: Sql) => sql`EXISTS (SELECT 1 FROM buildset_sourcestamps bs JOIN sourcestamps s ON s.id = bs.sourcestamp_id WHERE bs.buildset_id = ${raw(buildset)} AND ${condition})`

const BUILDSET_OF_BUILD = '(SELECT r.buildset_id FROM build_requests r WHERE r.id = x.build_request_id)'

/** Of a revision there are few builds: they are found by it, whatever else is asked. */
const ofRevision = (revision: string) => sql`SELECT bs.buildset_id FROM sourcestamps s JOIN buildset_sourcestamps bs ON bs.sourcestamp_id = s.id WHERE ${beginsWith('s.revision', revision)}`

const BUILD = `SELECT b.id, b.builder_id AS "builderId", u.name AS builder, b.number, p.name AS project, w.name AS worker, b.build_request_id AS "requestId", r.buildset_id AS "buildsetId", s.reason,
    coalesce(b.properties -> 'owner' ->> 0, b.properties -> 'owners' -> 0 ->> 0) AS owner, CASE WHEN b.complete_at IS NULL THEN 'running' ELSE 'finished' END AS state, b.results, b.state_string AS text,
    ${seconds('b.started_at')} AS "startedAt", ${seconds('b.complete_at')} AS "completeAt", ${sources('r.buildset_id')}
  FROM builds b JOIN builders u ON u.id = b.builder_id JOIN workers w ON w.id = b.worker_id JOIN build_requests r ON r.id = b.build_request_id JOIN buildsets s ON s.id = r.buildset_id LEFT JOIN projects p ON p.id = b.project_id
  WHERE b.id = ANY($1::bigint[]) ORDER BY b.id DESC`

export async function readBuilds(db: Database, { builder, worker, project, branch, revision, results, owner, state, from, to, before, limit }: AskedOf<Lists['builds']>['query']): Promise<{ builds: ListedBuild[]; next: number | null }> {
  const { ids, next } = await pageOfIds(db, {
    table: 'builds', moment: 'started_at', from, to, before, limit,
    driven: [
      ...when(builder, which => sql`x.builder_id = ${builderId(which)}`), ...when(worker, which => sql`x.worker_id = ${workerId(which)}`), ...(state === 'running' ? [raw('x.complete_at IS NULL')] : []),
      ...when(revision, text => sql`x.build_request_id IN (SELECT r.id FROM build_requests r WHERE r.buildset_id IN (${ofRevision(text)}))`),
    ],
    filters: [
      ...(state === 'finished' ? [raw('x.complete_at IS NOT NULL')] : []), ...when(project, name => sql`x.project_id = ${projectId(name)}`), ...when(results, numbers => sql`x.results = ANY(${numbers}::int[])`),
      ...when(owner, name => sql`(x.properties -> 'owner' ->> 0 = ${name} OR x.properties -> 'owners' -> 0 ? ${name})`), ...when(branch, name => built(BUILDSET_OF_BUILD, ofBranch('s.branch', name))),
    ],
  })
  return { builds: await readBuildsById(db, ids), next }
}

export async function readBuildsById(db: Database, ids: readonly number[]): Promise<ListedBuild[]> {
  return ids.length === 0 ? [] : (await db.pool.query<ListedBuild>(BUILD, [ids])).rows
}

const REQUEST = `SELECT r.id, r.builder_id AS "builderId", u.name AS builder, r.buildset_id AS "buildsetId", p.name AS project, s.reason, r.priority, r.state, r.results, ${seconds('r.submitted_at')} AS "submittedAt",
    ${seconds('r.complete_at')} AS "completeAt", r.waits_for AS "waitsFor", r.end_reason AS "endReason", ${sources('r.buildset_id')}
  FROM build_requests r JOIN builders u ON u.id = r.builder_id JOIN buildsets s ON s.id = r.buildset_id LEFT JOIN projects p ON p.id = r.project_id WHERE r.id = ANY($1::bigint[]) ORDER BY r.id DESC`

export async function readRequests(db: Database, { builder, project, branch, revision, results, state, from, to, before, limit }: AskedOf<Lists['buildrequests']>['query']): Promise<{ buildrequests: ListedRequest[]; next: number | null }> {
  const { ids, next } = await pageOfIds(db, {
    table: 'build_requests', moment: 'submitted_at', from, to, before, limit,
    driven: [
      ...when(builder, which => sql`x.builder_id = ${builderId(which)}`), ...when(revision, text => sql`x.buildset_id IN (${ofRevision(text)})`),
      // Worded one by one, so that each has its own index of the few.
      ...(state?.length === 1 ? [state[0] === 'pending' ? raw(`x.state = 'pending'`) : state[0] === 'claimed' ? raw(`x.state = 'claimed'`) : raw(`x.state = 'complete'`)] : []),
    ],
    filters: [
      ...when(state, states => sql`x.state = ANY(${states}::text[])`), ...when(project, name => sql`x.project_id = ${projectId(name)}`), ...when(results, numbers => sql`x.results = ANY(${numbers}::int[])`),
      ...when(branch, name => built('x.buildset_id', ofBranch('s.branch', name))),
    ],
  })
  return { buildrequests: ids.length === 0 ? [] : (await db.pool.query<ListedRequest>(REQUEST, [ids])).rows, next }
}

const CHANGE = `SELECT c.id, c.author, c.comments, c.branch, c.revision, c.revlink, c.repository, c.codebase, c.project, c.category, cardinality(c.files) AS files, ${seconds('c.when_at')} AS "whenAt",
    ${seconds('c.received_at')} AS "receivedAt" FROM changes c WHERE c.id = ANY($1::bigint[]) ORDER BY c.id DESC`

export async function readChanges(db: Database, { author, branch, revision, repository, project, from, to, before, limit }: AskedOf<Lists['changes']>['query']): Promise<{ changes: ListedChange[]; next: number | null }> {
  const { ids, next } = await pageOfIds(db, {
    table: 'changes', moment: 'received_at', from, to, before, limit,
    driven: [...when(branch, name => ofBranch('x.branch', name)), ...when(revision, text => sql`x.sourcestamp_id IN (SELECT s.id FROM sourcestamps s WHERE ${beginsWith('s.revision', text)})`)],
    filters: [...when(author, text => beginsWith('x.author', text)), ...when(repository, name => sql`x.repository = ${name}`), ...when(project, name => sql`x.project = ${name}`)],
  })
  return { changes: ids.length === 0 ? [] : (await db.pool.query<ListedChange>(CHANGE, [ids])).rows, next }
}

const BUILDER = `SELECT b.id, b.name, b.active, p.name AS project, b.description, b.tags, b.set_name AS set,
    (SELECT count(*)::int FROM builder_workers bw WHERE bw.builder_id = b.id) AS workers,
    (SELECT count(*)::int FROM builder_workers bw JOIN worker_sessions s ON s.worker_id = bw.worker_id AND s.connected WHERE bw.builder_id = b.id) AS connected,
    (SELECT count(*)::int FROM build_requests r WHERE r.builder_id = b.id AND r.state = 'pending') AS waiting, coalesce(running.builds, 0) AS running,
    (SELECT jsonb_build_object('id', l.id, 'number', l.number, 'results', l.results, 'startedAt', ${seconds('l.started_at')}, 'completeAt', ${seconds('l.complete_at')})
      FROM (SELECT * FROM builds x WHERE x.builder_id = b.id ORDER BY x.id DESC LIMIT 200) l WHERE l.complete_at IS NOT NULL ORDER BY l.id DESC LIMIT 1) AS last
  FROM builders b LEFT JOIN projects p ON p.id = b.project_id
    LEFT JOIN (SELECT builder_id, count(*)::int AS builds FROM builds WHERE complete_at IS NULL GROUP BY builder_id) running ON running.builder_id = b.id`

export async function readBuilders(db: Database, { name, tag, project, all = false, before, limit = 100 }: AskedOf<Lists['builders']>['query']): Promise<{ builders: ListedBuilder[]; next: string | null }> {
  // A cursor is the name and the id: names of former builders may be there twice.
  const [, id = '0', after = ''] = /^(\d+) ([^]*)$/.exec(before ?? '') ?? []
  const scope = [
    ...(all ? [] : [raw('b.active')]), ...when(name, text => sql`position(lower(${text}) IN lower(b.name)) > 0`), ...when(tag, text => sql`${text} = ANY(b.tags)`), ...when(project, text => sql`p.name = ${text}`),
    ...(before === undefined ? [] : [sql`(b.name, b.id) > (${after}, ${Number(id)})`]), raw('true'),
  ]
  const { rows } = await db.pool.query<ListedBuilder>(toQuery(sql`${raw(BUILDER)} WHERE ${join(scope, ' AND ')} ORDER BY b.name, b.id LIMIT ${limit + 1}`))
  const builders = rows.slice(0, limit)
  const last = builders.at(-1)
  return { builders, next: rows.length > limit && last ? `${last.id} ${last.name}` : null }
}
