import type { FilterValue } from './field.js'
import type { Filter, Order, ResultSpec } from './query.js'

type Row = { [field: string]: unknown }

/** Filters, orders and cuts rows that are in memory anyway. `total` is how many there were before limit and offset. */
export function applyResultSpec<T extends Row>(rows: readonly T[], spec: ResultSpec): { rows: T[]; total: number } {
  const matching = rows.filter(row => spec.filters.every(filter => matches(row[filter.field], filter)))
  const ordered = spec.order.length > 0 ? matching.toSorted((a, b) => compareBy(spec.order, a, b)) : matching
  const end = spec.limit === null ? undefined : spec.offset + spec.limit
  return { rows: ordered.slice(spec.offset, end), total: matching.length }
}

/** The row with only the fields that were asked for. */
export function selectFields(row: Row, fields: readonly string[] | null): Row {
  return fields ? Object.fromEntries(fields.map(field => [field, row[field]])) : row
}

function matches(value: unknown, { op, values }: Filter): boolean {
  const isOne = values.some(wanted => wanted === value)
  switch (op) {
    case 'eq': case 'in': return isOne
    case 'ne': case 'notin': return !isOne
    case 'contains': return values.some(wanted => contains(value, wanted))
    case 'lt': case 'le': case 'gt': case 'ge': return inOrder(value, op, values[0])
  }
}

function contains(value: unknown, wanted: FilterValue): boolean {
  if (Array.isArray(value)) return value.includes(wanted)
  return (typeof value === 'string' || typeof value === 'number') && String(value).includes(String(wanted))
}

function inOrder(value: unknown, op: 'lt' | 'le' | 'gt' | 'ge', limit: FilterValue | undefined): boolean {
  if (value === null || limit === undefined || typeof value !== typeof limit) return false
  const order = compare(value, limit)
  return op === 'lt' ? order < 0 : op === 'le' ? order <= 0 : op === 'gt' ? order > 0 : order >= 0
}

function compareBy(order: readonly Order[], a: Row, b: Row): number {
  for (const { field, descending } of order) {
    const found = compare(a[field], b[field])
    if (found !== 0) return descending ? -found : found
  }
  return 0
}

/** null comes first. */
function compare(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [String(a), String(b)]
  return left < right ? -1 : left > right ? 1 : 0
}
