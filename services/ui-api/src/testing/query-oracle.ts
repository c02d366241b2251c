import type { Operator } from '@yardmaster/rest'

/** What Buildbot's query language means, in memory and by itself: answers of the API are held against it. */
export type Row = { [field: string]: unknown }
export type Asked = { field: string; op: Operator; values: (string | number | boolean)[] }
/** `nullDiffers`: null meets `ne` and `notin`, as where Buildbot filters in Python. */
export type Sense = { nullDiffers: boolean }

export function meets(row: Row, { field, op, values }: Asked, { nullDiffers }: Sense): boolean {
  const value = row[field]
  if (value === null) return (op === 'ne' || op === 'notin') && nullDiffers
  if (Array.isArray(value)) return op === 'contains' ? values.some(wanted => value.includes(wanted)) : op === 'ne' || op === 'notin'
  switch (op) {
    case 'eq': case 'in': return values.some(wanted => wanted === value)
    case 'ne': case 'notin': return values.every(wanted => wanted !== value)
    case 'contains': return values.some(wanted => String(value).includes(String(wanted)))
    case 'lt': return order(value, values[0]) < 0
    case 'le': return order(value, values[0]) <= 0
    case 'gt': return order(value, values[0]) > 0
    case 'ge': return order(value, values[0]) >= 0
  }
}

/** Sorted by one field, null first; equals stay as they are, or in SQL's case the other way round when the order is. */
export function sorted(rows: readonly Row[], { field, descending }: { field: string; descending: boolean }, { nullDiffers }: Sense): Row[] {
  const [begin, sign] = [descending && !nullDiffers ? rows.toReversed() : rows, descending ? -1 : 1]
  return begin.toSorted((a, b) => sign * order(a[field], b[field]))
}

/** Numbers by size, false before true, texts by code points, null before all. */
export function order(a: unknown, b: unknown): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1
  if (typeof a === 'string' || typeof b === 'string') return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
  return Number(a) - Number(b)
}
