import type { Filter, FilterValue } from '@yardmaster/rest'
import { join, raw, sql, type Sql } from './sql.js'
import { INDEXED_CHARACTERS, type Column } from './stored-resource.js'

const comparisons = { lt: '<', le: '<=', gt: '>', ge: '>=' } as const

/** A filter as a condition. As in Buildbot, null differs from every value where it filters in Python; in its SQL null meets no condition, not even `ne`. */
export function filterCondition(column: Column, { op, values }: Filter, nullDiffers = false): Sql {
  if (column.kind === 'flag' && column.conditions) return flagCondition(column.conditions, op, values)
  if (column.kind === 'list') return listCondition(column, op, values)
  switch (op) {
    case 'eq': case 'in': return anyOf(column, values)
    case 'ne': case 'notin': return differsFrom(column, values, nullDiffers)
    case 'contains': return join([raw('('), join(values.map(value => sql`position(${String(value)} in (${told(column)})::text) > 0`), ' OR '), raw(')')], '')
    case 'lt': case 'le': case 'gt': case 'ge': return column.kind === 'time' ? timeCondition(column, op, Number(values[0])) : sql`${column.key} ${raw(comparisons[op])} ${one(values[0])}`
  }
}

/** One comparison and ANY are planned alike, but the single one is easier to read in a slow query log. A time is in a second when it is between two. */
function anyOf({ beginning, sorted, ...column }: Column, values: readonly FilterValue[]): Sql {
  if (beginning) {
    const beginnings = values.map(value => beginningOfText(String(value)))
    const [only] = beginnings
    // As a range: by an equality the planner would know that their order is that of their ids, and might look for them among all rows.
    const found = sorted && beginnings.length === 1 ? sql`${beginning} >= ${only} AND ${beginning} <= ${only}` : anyOf({ ...column, key: beginning }, beginnings)
    // Of a short one the beginning is all; said twice, the planner would expect far fewer rows than there are.
    return beginnings.every(each => each.length < INDEXED_CHARACTERS) ? found : sql`${found} AND ${anyOf(column, values)}`
  }
  if (column.kind !== 'time') return values.length === 1 ? sql`${column.key} = ${one(values[0])}` : sql`${column.key} = ANY(${any(values)})`
  const within = (seconds: number) => sql`(${timeCondition(column, 'ge', seconds)} AND ${timeCondition(column, 'le', seconds)})`
  return sql`(${join(values.map(value => within(Number(value))), ' OR ')})`
}

/** In whole characters, as the database counts them. */
const beginningOfText = (text: string) => Array.from(text.slice(0, 2 * INDEXED_CHARACTERS)).slice(0, INDEXED_CHARACTERS).join('')

/** A number that is too large for the column's type is no error: nothing has it. */
const one = (value: FilterValue | undefined) => (typeof value === 'number' ? sql`${value}::bigint` : sql`${value}`)
const any = (values: readonly FilterValue[]) => (typeof values[0] === 'number' ? sql`${values}::bigint[]` : sql`${values}`)

function differsFrom(column: Column, values: readonly FilterValue[], nullDiffers: boolean): Sql {
  const differs = sql`NOT ${anyOf({ ...column, bounds: undefined, beginning: undefined }, values)}`
  return nullDiffers && column.nullable ? sql`(${column.key} IS NULL OR ${differs})` : differs
}

/** PostgreSQL's times end there; further away nothing is. */
const lastSecond = 9_000_000_000_000
const firstSecond = -200_000_000_000

/** On the bare column, so that an index serves it: in whole seconds, `<= t` is `< t + 1`. */
function timeCondition({ key, bounds }: Column, op: keyof typeof comparisons, given: number): Sql {
  const seconds = Math.max(firstSecond, Math.min(lastSecond, op === 'le' || op === 'gt' ? given + 1 : given))
  const isUpper = op === 'le' || op === 'lt'
  const condition = sql`${key} ${raw(isUpper ? '<' : '>=')} to_timestamp(${seconds})`
  return bounds ? sql`${condition} AND ${isUpper ? bounds.until(seconds) : bounds.from(seconds)}` : condition
}

/** As it is answered: of a time its seconds. */
function told(column: Column): Sql {
  return column.kind === 'time' ? sql`floor(extract(epoch FROM ${column.key}))::bigint` : column.key
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
  if (op === 'contains') return sql`${column.key} && ${any(values)}`
  return raw(op === 'ne' || op === 'notin' ? 'true' : 'false')
}
