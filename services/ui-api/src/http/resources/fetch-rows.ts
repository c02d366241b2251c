import type { Database } from '@yardmaster/db'
import type { Filter, FilterValue, ResultSpec } from '@yardmaster/rest'
import { join, raw, sql, toQuery, type Sql } from './sql.js'
import type { Column, StoredResource } from './stored-resource.js'

export type Row = { [field: string]: unknown }
/** `total`: how many there are without limit and offset; null: more than is worth counting. */
export type Page = { rows: Row[]; total: number | null }

/** No answer is longer, whatever limit was asked for: one query must not take the memory of the process. */
export const longestAnswer = 10_000

/** The rows of a resource that meet `scope` and the query, all decided by the database. */
export async function fetchRows(db: Database, resource: StoredResource, scope: readonly Sql[], spec: ResultSpec): Promise<Page> {
  const where = conditions([...scope, ...spec.filters.map(filter => filterCondition(columnOf(resource, filter.field), filter, resource.inPython))])
  const limit = Math.min(spec.limit ?? longestAnswer, longestAnswer)
  const query = sql`SELECT ${selected(resource, spec)} FROM ${resource.from} ${where} ORDER BY ${ordered(resource, spec)} LIMIT ${limit} OFFSET ${spec.offset}`
  const { rows } = await db.pool.query<Row>(toQuery(query))
  const seenTheEnd = rows.length < limit && (rows.length > 0 || spec.offset === 0)
  return { rows, total: seenTheEnd ? spec.offset + rows.length : await countUpTo(db, longestAnswer, sql`FROM ${resource.from} ${where}`) }
}

/** Rows by their ids, for events. */
export async function fetchByIds(db: Database, resource: StoredResource, ids: readonly number[], spec: ResultSpec): Promise<Map<number, Row>> {
  const query = sql`SELECT ${resource.id} AS "$id", ${selected(resource, spec)} FROM ${resource.from} WHERE ${resource.id} = ANY(${ids}::bigint[])`
  const { rows } = await db.pool.query<Row & { $id: number }>(toQuery(query))
  return new Map(rows.map(({ $id, ...row }) => [$id, row]))
}

/** Counting ten million rows takes a second; people need to know "more than ten thousand" at most. */
async function countUpTo(db: Database, most: number, from: Sql): Promise<number | null> {
  const { rows } = await db.pool.query<{ total: number }>(toQuery(sql`SELECT count(*)::int AS total FROM (SELECT 1 ${from} LIMIT ${most + 1}) AS counted`))
  const total = rows[0]?.total ?? 0
  return total > most ? null : total
}

function columnOf(resource: StoredResource, field: string): Column {
  const column = resource.columns[field]
  if (!column) throw new Error(`resource ${resource.type.name} has no column for its field '${field}'`)
  return column
}

function selected(resource: StoredResource, spec: ResultSpec): Sql {
  const fields = spec.fields ?? Object.keys(resource.type.fields)
  return join([...new Set(fields)].map(field => sql`${columnOf(resource, field).select(spec)} AS ${raw(`"${field}"`)}`), ', ')
}

function conditions(all: readonly Sql[]): Sql {
  return all.length > 0 ? sql`WHERE ${join(all, ' AND ')}` : raw('')
}

/** The id decides between equals, so that pages neither repeat nor skip rows. */
function ordered(resource: StoredResource, { order }: ResultSpec): Sql {
  const terms = order.map(({ field, descending }) => {
    const column = columnOf(resource, field)
    // A bare order on a column that is never null is one that its index can serve.
    const nulls = column.nullable ? (descending ? ' NULLS LAST' : ' NULLS FIRST') : ''
    return sql`${column.order ?? column.key}${raw(descending ? ' DESC' : '')}${raw(nulls)}`
  })
  const descending = !resource.inPython && order.at(-1)?.descending === true
  return join([...terms, sql`${resource.id}${raw(descending ? ' DESC' : '')}`], ', ')
}

const comparisons = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const

/** A filter as a condition. As in Buildbot, null differs from every value where it filters in Python; in its SQL null meets no condition, not even `ne`. */
function filterCondition(column: Column, { op, values }: Filter, nullDiffers = false): Sql {
  if (column.kind === 'flag' && column.conditions) return flagCondition(column.conditions, op, values)
  if (column.kind === 'list') return listCondition(column, op, values)
  switch (op) {
    case 'eq': case 'in': return anyOf(comparable(column), values)
    case 'ne': case 'notin': return differsFrom(column, values, nullDiffers)
    case 'contains': return join([raw('('), join(values.map(value => sql`position(${String(value)} in (${comparable(column)})::text) > 0`), ' OR '), raw(')')], '')
    case 'lt': case 'le': case 'gt': case 'ge': return column.kind === 'time' ? timeCondition(column, op, Number(values[0])) : sql`${column.key} ${raw(comparisons[op])} ${values[0]}`
  }
}

/** One comparison and ANY are planned alike, but the single one is easier to read in a slow query log. */
function anyOf(key: Sql, values: readonly FilterValue[]): Sql {
  return values.length === 1 ? sql`${key} = ${values[0]}` : sql`${key} = ANY(${values})`
}

function differsFrom(column: Column, values: readonly FilterValue[], nullDiffers: boolean): Sql {
  const differs = sql`NOT (${anyOf(comparable(column), values)})`
  return nullDiffers && column.nullable ? sql`(${column.key} IS NULL OR ${differs})` : differs
}

function comparable(column: Column): Sql {
  return column.kind === 'time' ? sql`floor(extract(epoch FROM ${column.key}))::bigint` : column.key
}

/** On the bare column, so that an index serves it: in whole seconds, `<= t` is `< t + 1`. */
function timeCondition(column: Column, op: keyof typeof comparisons, seconds: number): Sql {
  const wholeSecond = op === 'le' || op === 'gt'
  const comparison = op === 'le' ? '<' : op === 'gt' ? '>=' : comparisons[op]
  return sql`${column.key} ${raw(comparison)} to_timestamp(${wholeSecond ? seconds + 1 : seconds})`
}

function flagCondition({ yes, no }: { yes: Sql; no: Sql }, op: Filter['op'], values: readonly FilterValue[]): Sql {
  const isWanted = (value: boolean) => meets(value, op, values)
  const wanted = [...(isWanted(true) ? [yes] : []), ...(isWanted(false) ? [no] : [])]
  return wanted.length > 0 ? sql`(${join(wanted, ' OR ')})` : raw('false')
}

/** False comes before true. */
function meets(value: boolean, op: Filter['op'], values: readonly FilterValue[]): boolean {
  switch (op) {
    case 'eq': case 'in': case 'contains': return values.includes(value)
    case 'ne': case 'notin': return !values.includes(value)
    case 'lt': return value < values[0]!
    case 'le': return value <= values[0]!
    case 'gt': return value > values[0]!
    case 'ge': return value >= values[0]!
  }
}

/** A list equals no single value; it can only contain some. */
function listCondition(column: Column, op: Filter['op'], values: readonly FilterValue[]): Sql {
  if (op === 'contains') return sql`${column.key} && ${values}`
  return raw(op === 'ne' || op === 'notin' ? 'true' : 'false')
}
