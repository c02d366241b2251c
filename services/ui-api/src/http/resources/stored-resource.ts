import type { ResourceType, ResultSpec } from '@yardmaster/rest'
import { raw, sql, type Sql } from './sql.js'

/** Where a field's value is found, and how it can be asked for. */
export type Column = {
  /** The value as the answer has it. */
  select(spec: ResultSpec): Sql
  /** What is compared, and ordered by unless `order` says otherwise. */
  key: Sql
  /** Another expression in whose order the values are, which an index serves. */
  order?: Sql
  nullable: boolean
  kind: 'plain' | 'time' | 'list' | 'flag'
  /** Of a flag: the conditions for true and for false, worded so that partial indexes serve them. `mostly`: what all but a few have, and of those an index knows. */
  conditions?: { yes: Sql; no: Sql; mostly?: boolean }
  /** What an index finds: rows with one value, or those between two as well. */
  indexed?: 'equal' | 'range'
  /** Of a text of any length: what the index has of it. */
  beginning?: Sql | undefined
  /** The index has the beginnings in order and the id behind them. */
  sorted?: true
  /** The index has the id behind it: it knows the newest rows of each value. */
  withId?: true
  /** Each value is that of a handful of rows, or of one; they have an index. */
  few?: true
  /** Of a time that rises with the id: what the id must be besides, since rows are mostly asked for in its order. */
  bounds?: Bounds | undefined
}

export type Bounds = { from(seconds: number): Sql; until(seconds: number): Sql }

/** A resource whose rows are in the database: every field is a column, so that filters, order and limit are the database's work. */
export type StoredResource<T = { [field: string]: unknown }> = {
  type: ResourceType<T>
  from: Sql
  columns: { readonly [Field in keyof T]: Column }
  /** Expression of the row's id: the order when none is asked for, and what events name. */
  id: Sql
  /** Its table, if that grows without end: what no index serves is then asked in a lane of its own (`query-lane.ts`). */
  grows?: string
  /** Buildbot filters and sorts these in Python, others in SQL: null differs from every value, and equals keep their natural order. */
  inPython?: true
  /** What its rows are like when they are of one value of this field: there may be better indexes then. */
  ofOne?: { field: string; resource: StoredResource }
}

export function columnOf(resource: StoredResource, field: string): Column {
  const column = resource.columns[field]
  if (!column) throw new Error(`resource ${resource.type.name} has no column for its field '${field}'`)
  return column
}

type Options = { nullable?: boolean }

export function column(expression: string, { nullable = false }: Options = {}): Column {
  const key = raw(expression)
  return { select: () => key, key, nullable, kind: 'plain' }
}

/** A timestamp, answered as whole epoch seconds. */
export function time(expression: string, { nullable = false }: Options = {}): Column {
  const seconds = raw(`floor(extract(epoch FROM ${expression}))::bigint`)
  return { select: () => seconds, key: raw(expression), nullable, kind: 'time' }
}

/** The column, ordered by another one that rises with it: rows that got id and time at their insertion need no index on the time. */
export function orderedBy(order: string, of: Column): Column {
  return { ...of, order: raw(order) }
}

export function flag({ yes, no, ...more }: { yes: string; no: string; mostly?: boolean }): Column {
  const key = raw(`(${yes})`)
  return { select: () => key, key, nullable: false, kind: 'flag', conditions: { yes: key, no: raw(`(${no})`), ...more } }
}

export function indexedWithId(of: Column): Column {
  return { ...of, indexed: 'equal', withId: true }
}

/** Indexed, with a handful of rows for each value. */
export function rare(of: Column, by: 'equal' | 'range' = 'equal'): Column {
  return { ...of, indexed: by, few: true }
}

export function indexed(of: Column, by: 'equal' | 'range' = 'equal'): Column {
  return { ...of, indexed: by }
}

/** What an index has of a text: more of it would be refused as too large for its pages. */
export const beginningOf = (expression: string): Sql => raw(`left(${expression}, ${INDEXED_CHARACTERS})`)
export const INDEXED_CHARACTERS = 100

/** A text of any length, with an index of its beginning. */
export function indexedText(expression: string, options: Options = {}): Column {
  return { ...indexed(column(expression, options)), beginning: beginningOf(expression) }
}

/** The same, of texts that many rows share. */
export function sortedText(expression: string, options: Options = {}): Column {
  return { ...indexedText(expression, options), sorted: true }
}

/** A column with an index, of a table in which it rises with the id: no transaction lasts for an hour, so that rows are out of order by less than that. */
export function risingTime(expression: string, { table, id }: { table: string; id: string }): Column {
  const name = expression.slice(expression.indexOf('.') + 1)
  const bounds: Bounds = {
    // By rows on the far side of that hour: the first within it may itself be out of order with what is asked for.
    from: seconds => sql`${raw(id)} > coalesce((SELECT id FROM ${raw(table)} WHERE ${raw(name)} < to_timestamp(${seconds - 3600}) ORDER BY ${raw(name)} DESC LIMIT 1), 0)`,
    until: seconds => sql`${raw(id)} < coalesce((SELECT id FROM ${raw(table)} WHERE ${raw(name)} > to_timestamp(${seconds + 3600}) ORDER BY ${raw(name)} LIMIT 1), ${Number.MAX_SAFE_INTEGER}::bigint)`,
  }
  return { ...orderedBy(id, time(expression)), indexed: 'range', bounds }
}

export function list(expression: string): Column {
  // As JSON, because the driver would leave the numbers of a bigint[] as text.
  const select = raw(`to_jsonb(${expression})`)
  return { select: () => select, key: raw(expression), nullable: false, kind: 'list' }
}

/** Properties are large: only those that the query names are answered. */
export function askedProperties(expression: string, whenNone: 'null' | 'empty'): Column {
  const all = raw(`(${expression})`)
  const none = raw(whenNone === 'null' ? 'NULL::jsonb' : `'{}'::jsonb`)
  const select = ({ properties }: ResultSpec): Sql => {
    if (properties.length === 0) return none
    if (properties.includes('*')) return all
    return sql`(SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(${all}) WHERE key = ANY(${properties}))`
  }
  return { select, key: all, nullable: false, kind: 'plain' }
}
