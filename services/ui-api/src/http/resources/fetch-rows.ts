import type { Database } from '@yardmaster/db'
import type { ResultSpec } from '@yardmaster/rest'
import { filterCondition } from './conditions.js'
import { countTable } from './count-table.js'
import { inLane, type Asking, type Querier } from './query-lane.js'
import { isServed, mostSkipped } from './served.js'
import { join, raw, sql, toQuery, type Sql } from './sql.js'
import { columnOf, type StoredResource } from './stored-resource.js'

export type Row = { [field: string]: unknown }
/** `total`: how many there are without limit and offset; null: more than is worth counting. */
export type Page = { rows: Row[]; total: number | null }

/** Which rows there are at this place, before any filter. */
export type Scope = {
  conditions: readonly Sql[]
  /** A handful, whatever is asked of them. */
  few?: true
  /** A statement that answers how many there are as `total`, without counting them. */
  total?: Sql
}

/** No answer is longer, whatever limit was asked for: one query must not take the memory of the process. */
export const longestAnswer = mostSkipped
/** Rows before the page are read as well; from here on their ids alone, and from `mostSkipped` on as a large query. */
const MANY_SKIPPED = 500

/** The rows of a resource that are at this place and meet the query, all decided by the database. Throws QueryRefused. */
export async function fetchRows(asking: Asking, all: StoredResource, scope: Scope, spec: ResultSpec): Promise<Page> {
  const { db } = asking
  const resource = asAskedFor(all, spec)
  if (!resource.grows || scope.few || isServed(resource, spec, scope.conditions.length > 0)) return pageOf(db, db.pool, { resource, scope, spec })
  return inLane(asking, querier => pageOf(db, querier, { resource, scope, spec }))
}

function asAskedFor(resource: StoredResource, { filters }: ResultSpec): StoredResource {
  const one = filters.some(({ field, op, values }) => field === resource.ofOne?.field && op === 'eq' && values.length === 1)
  return one && resource.ofOne ? resource.ofOne.resource : resource
}

/** The one row, null when there is none. */
export async function fetchOne(db: Database, resource: StoredResource, scope: Scope, spec: ResultSpec): Promise<Row | null> {
  const { rows } = await db.pool.query<Row>(toQuery(select(resource, scope, { ...spec, order: [], limit: 1, offset: 0 })))
  return rows[0] ?? null
}

/** Rows by their ids, for events. */
export async function fetchByIds(db: Database, resource: StoredResource, ids: readonly number[], spec: ResultSpec): Promise<Map<number, Row>> {
  const query = sql`SELECT ${resource.id} AS "$id", ${selected(resource, spec)} FROM ${resource.from} WHERE ${resource.id} = ANY(${ids}::bigint[])`
  const { rows } = await db.pool.query<Row & { $id: number }>(toQuery(query))
  return new Map(rows.map(({ $id, ...row }) => [$id, row]))
}

type Question = { resource: StoredResource; scope: Scope; spec: ResultSpec }

async function pageOf(db: Database, querier: Querier, question: Question): Promise<Page> {
  const { resource, scope, spec } = question
  const { rows } = await querier.query<Row>(toQuery(select(resource, scope, spec)))
  const seenTheEnd = rows.length < limitOf(spec) && (rows.length > 0 || spec.offset === 0)
  return { rows, total: seenTheEnd ? spec.offset + rows.length : await totalOf(db, querier, question) }
}

/** Exact without filters, and where all but a few meet the one filter. Otherwise counting ten million rows would take a second: up to 10,000. */
async function totalOf(db: Database, querier: Querier, { resource, scope, spec }: Question): Promise<number | null> {
  if (spec.filters.length === 0) return (await wholeTotal(db, resource, scope)) ?? countUpTo(querier, resource, conditionsOf(resource, scope, spec))
  const others = exceptionsOf(resource, spec)
  const whole = others && await wholeTotal(db, resource, scope)
  if (others === null || whole === null) return countUpTo(querier, resource, conditionsOf(resource, scope, spec), sortedBy(resource, spec).flatMap(key => [key, resource.id]))
  const exceptions = await countUpTo(querier, resource, [...scope.conditions, others])
  return exceptions === null ? null : whole - exceptions
}

async function wholeTotal(db: Database, { grows }: StoredResource, { conditions, total }: Scope): Promise<number | null> {
  if (total) return (await db.pool.query<{ total: number }>(toQuery(total))).rows[0]?.total ?? 0
  return grows && conditions.length === 0 ? countTable(db, grows) : null
}

/** The condition of the few that do not meet the only filter; null: there are several filters, or not few. */
function exceptionsOf(resource: StoredResource, { filters: [filter, ...more] }: ResultSpec): Sql | null {
  if (!filter || more.length > 0 || filter.op !== 'eq' || filter.values.length !== 1) return null
  const { conditions } = columnOf(resource, filter.field)
  return conditions?.mostly !== undefined && conditions.mostly === filter.values[0] ? (conditions.mostly ? conditions.no : conditions.yes) : null
}

async function countUpTo(querier: Querier, { from }: StoredResource, conditions: readonly Sql[], order: readonly Sql[] = []): Promise<number | null> {
  const { rows } = await querier.query<{ total: number }>(toQuery(sql`SELECT count(*)::int AS total FROM (SELECT 1 FROM ${from} ${whereOf(conditions)} ${order.length > 0 ? sql`ORDER BY ${join(order, ', ')}` : raw('')} LIMIT ${longestAnswer + 1}) AS counted`))
  const total = rows[0]?.total ?? 0
  return total > longestAnswer ? null : total
}

const limitOf = ({ limit }: ResultSpec) => Math.min(limit ?? longestAnswer, longestAnswer)

function select(resource: StoredResource, scope: Scope, spec: ResultSpec): Sql {
  const order = ordered(resource, spec)
  const conditions = [...conditionsOf(resource, scope, spec), ...firstOfEach(resource, { scope, spec, order })]
  const page = sql`ORDER BY ${order} LIMIT ${limitOf(spec)} OFFSET ${spec.offset}`
  if (spec.offset < MANY_SKIPPED) return sql`SELECT ${selected(resource, spec)} FROM ${resource.from} ${whereOf(conditions)} ${page}`
  const ids = sql`SELECT ${resource.id} FROM ${resource.from} ${whereOf(conditions)} ${page}`
  return sql`SELECT ${selected(resource, spec)} FROM ${resource.from} ${whereOf([...scope.conditions, sql`${resource.id} = ANY(ARRAY(${ids}))`])} ORDER BY ${order}`
}

/**
 * Of several builders the newest builds: among the newest of each. Otherwise the planner may walk through the builds of all builders until it has met
 * enough of these, which is through all of them when these are quiet.
 */
function firstOfEach(resource: StoredResource, { scope, spec, order }: { scope: Scope; spec: ResultSpec; order: Sql }): Sql[] {
  const [filter, ...more] = spec.filters
  const column = filter && columnOf(resource, filter.field)
  const [first, ...later] = spec.order
  const rows = limitOf(spec) + spec.offset
  if (!filter || !column?.withId || more.length > 0 || filter.op !== 'eq' || filter.values.length === 1 || filter.values.length * rows > longestAnswer) return []
  if (later.length > 0 || (first && (columnOf(resource, first.field).order ?? columnOf(resource, first.field).key).text[0] !== resource.id.text[0])) return []
  const each = sql`SELECT ${resource.id} AS id FROM ${resource.from} ${whereOf([...scope.conditions, sql`${column.key} = any_of.value`])} ORDER BY ${order} LIMIT ${rows}`
  return [sql`${resource.id} = ANY(ARRAY(SELECT first.id FROM unnest(${filter.values}::bigint[]) AS any_of(value) CROSS JOIN LATERAL (${each}) AS first))`]
}

function conditionsOf(resource: StoredResource, scope: Scope, { filters }: ResultSpec): Sql[] {
  return [...scope.conditions, ...filters.map(filter => filterCondition(columnOf(resource, filter.field), filter, resource.inPython))]
}

/** In the order of their names, in which they are answered. */
function selected(resource: StoredResource, spec: ResultSpec): Sql {
  const fields = spec.fields ?? Object.keys(resource.type.fields)
  return join([...new Set(fields)].sort().map(field => sql`${columnOf(resource, field).select(spec)} AS ${raw(`"${field}"`)}`), ', ')
}

function whereOf(conditions: readonly Sql[]): Sql {
  return conditions.length > 0 ? sql`WHERE ${join(conditions, ' AND ')}` : raw('')
}

/** What all rows have the same of, and in whose index they are by their ids: named in the order, it is that index that is gone through. */
function sortedBy(resource: StoredResource, { filters, order: [first] }: ResultSpec): Sql[] {
  if (first && columnOf(resource, first.field).key.text[0] !== resource.id.text[0]) return []
  return filters.flatMap(({ field, op, values }) => {
    const { sorted, beginning } = columnOf(resource, field)
    return sorted && beginning && op === 'eq' && values.length === 1 ? [beginning] : []
  }).slice(0, 1)
}

/** The id decides between equals, so that pages neither repeat nor skip rows. */
function ordered(resource: StoredResource, spec: ResultSpec): Sql {
  const { order } = spec
  const terms = order.map(({ field, descending }) => {
    const column = columnOf(resource, field)
    // A bare order on a column that is never null is one that its index can serve.
    const nulls = column.nullable ? (descending ? ' NULLS LAST' : ' NULLS FIRST') : ''
    return sql`${column.order ?? column.key}${raw(descending ? ' DESC' : '')}${raw(nulls)}`
  })
  const descending = !resource.inPython && order.at(-1)?.descending === true
  const same = sortedBy(resource, spec).map(key => sql`${key}${raw(order[0]?.descending ? ' DESC' : '')}`)
  return join([...same, ...terms, sql`${resource.id}${raw(descending ? ' DESC' : '')}`], ', ')
}
