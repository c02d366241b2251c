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
  /** Of a flag: the conditions for true and for false, worded so that partial indexes serve them. */
  conditions?: { yes: Sql; no: Sql }
}

/** A resource whose rows are in the database: every field is a column, so that filters, order and limit are the database's work. */
export type StoredResource<T = { [field: string]: unknown }> = {
  type: ResourceType<T>
  from: Sql
  columns: { readonly [Field in keyof T]: Column }
  /** Expression of the row's id: the order when none is asked for, and what events name. */
  id: Sql
  /** Buildbot filters and sorts these in Python, others in SQL: null differs from every value, and equals keep their natural order. */
  inPython?: true
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

export function flag(conditions: { yes: string; no: string }): Column {
  const key = raw(`(${conditions.yes})`)
  return { select: () => key, key, nullable: false, kind: 'flag', conditions: { yes: key, no: raw(`(${conditions.no})`) } }
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
