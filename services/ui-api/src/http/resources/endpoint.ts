import type { Database } from '@yardmaster/db'
import type { ResourceType, ResultSpec } from '@yardmaster/rest'
import type { Clock } from '@yardmaster/runtime'
import type { ActiveGeneration } from '../../deps.js'
import { fetchOne, fetchRows, type Page } from './fetch-rows.js'
import type { PathParams } from './places.js'
import type { Asker } from './query-lane.js'
import { sql, toQuery, type Sql } from './sql.js'
import type { StoredResource } from './stored-resource.js'

export type EndpointRequest = { params: PathParams; spec: ResultSpec; db: Database; clock: Clock; asker: Asker; activeGenerations(): ActiveGeneration[] }

/** One GET path of the API. */
export type Endpoint = {
  path: string
  type: ResourceType
  kind: 'collection' | 'single'
  /** Its query has limit and offset for what is inside the one resource (the lines of a log). */
  paged?: boolean
  /** Asked for by Buildbot's own page, but no path of its API: not in the description. */
  undescribed?: true
  /** Of a collection: stays the same for as long as its answers do, and is found much faster than they are. */
  version?(db: Database): Promise<string>
  /** Null: there is no such thing (404). */
  answer(request: EndpointRequest): Promise<Page | null>
}

type Scope = (params: PathParams) => Sql[]

type Known = {
  /** A statement that knows how many there are without counting. */
  total?(params: PathParams): Sql
  /** At this place is a handful of rows. */
  few?: true
}

export function collection(resource: StoredResource, path: string, scope: Scope = () => [], { few, total }: Known = {}): Endpoint {
  const answer: Endpoint['answer'] = ({ params, spec, ...asking }) => fetchRows(asking, resource, { conditions: scope(params), ...(few && { few }), ...(total && { total: total(params) }) }, spec)
  return { path, type: resource.type, kind: 'collection', answer }
}

/** A collection that is not there (404) when `owner`, the id of what it is part of, is null. */
export function partsOf(resource: StoredResource, path: string, { scope, owner }: { scope: Scope; owner(params: PathParams): Sql }): Endpoint {
  const all = collection(resource, path, scope)
  const answer: Endpoint['answer'] = async request => {
    const page = await all.answer(request)
    if (page?.rows.length !== 0) return page
    const { rows } = await request.db.pool.query(toQuery(sql`SELECT 1 WHERE ${owner(request.params)} IS NOT NULL`))
    return rows.length > 0 ? page : null
  }
  return { ...all, answer }
}

export function single(resource: StoredResource, path: string, scope: Scope): Endpoint {
  const answer: Endpoint['answer'] = async ({ db, params, spec }) => {
    const row = await fetchOne(db, resource, { conditions: scope(params) }, spec)
    return row && { rows: [row], total: null }
  }
  return { path, type: resource.type, kind: 'single', answer }
}
