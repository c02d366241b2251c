import type { Filter, ResultSpec } from '@yardmaster/rest'
import { columnOf, type Column, type StoredResource } from './stored-resource.js'

/** Furthest that a page may be away: rows before it are read as well. */
export const mostSkipped = 10_000

/**
 * Whether indexes find the rows by reading little more than is answered. One index is gone through, in its own order; a second condition is looked at
 * row by row, so with two that many rows meet there may be far between those that meet both.
 * `within`: the place in the path is such a condition already.
 */
export function isServed(resource: StoredResource, { filters, order, offset }: ResultSpec, within: boolean): boolean {
  if (offset > mostSkipped) return false
  const asked = filters.map(filter => ({ filter, column: columnOf(resource, filter.field) }))
  if (asked.some(({ filter, column }) => isFew(column, filter))) return true
  if (!asked.every(({ filter, column }) => isIndexed(column, filter))) return false
  const walked = new Set([...(within ? [resource] : []), ...asked.map(({ column }) => column).filter(column => column.conditions === undefined && !isAlong(column, resource))])
  const first = order[0] && columnOf(resource, order[0].field)
  // An index of values that are the same or not has no order, or leaves out those without one.
  if (first && !isAlong(first, resource)) {
    if (first.indexed !== 'range' && first.withId !== true) return false
    walked.add(first)
  }
  return walked.size <= 1
}

/** It rises with the id, which any index has behind what it is of. */
const isAlong = ({ key, order }: Column, { id }: StoredResource) => order !== undefined || key.text[0] === id.text[0]

/** Of these there are so few that it does not matter in which order they are asked for, or what else they must be. */
function isFew({ few, conditions }: Column, { op, values }: Filter): boolean {
  if (op !== 'eq' && op !== 'in') return false
  return few === true || (conditions?.mostly !== undefined && values.length === 1 && values[0] !== conditions.mostly)
}

function isIndexed({ indexed, conditions }: Column, { op, values }: Filter): boolean {
  if (op === 'eq' || op === 'in') return indexed !== undefined || (conditions?.mostly !== undefined && values.length === 1)
  return indexed === 'range' && op !== 'ne' && op !== 'notin' && op !== 'contains'
}

