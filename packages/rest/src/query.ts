import { filterValue, numberIn, type FilterValue } from './field.js'
import type { ResourceType } from './resource-type.js'

export const operators = ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'contains', 'in', 'notin'] as const
export type Operator = (typeof operators)[number]
/** Several values mean: any of them (for ne and notin: none of them). */
export type Filter = { field: string; op: Operator; values: FilterValue[] }
export type Order = { field: string; descending: boolean }

/** What a query asks of a collection. Empty lists and nulls ask nothing. */
export type ResultSpec = {
  filters: Filter[]
  order: Order[]
  limit: number | null
  offset: number
  /** The only fields to answer; null: all. */
  fields: string[] | null
  /** Names of properties to answer; `*`: all. */
  properties: string[]
}

/** The query cannot be answered: HTTP 400 with this message, which is Buildbot's. */
export class InvalidQueryParameter extends Error {
  override name = 'InvalidQueryParameter'
}

const severalValues: readonly string[] = ['eq', 'ne', 'contains', 'in', 'notin']

export const emptySpec: ResultSpec = { filters: [], order: [], limit: null, offset: 0, fields: null, properties: [] }

/**
 * Buildbot's query language against a resource's fields: `limit`, `offset`, `order`, `field`, `property`, `F=V` and `F__OP=V`.
 * Throws InvalidQueryParameter. As in Buildbot, an unknown field or operator in the `F__OP` form is ignored.
 */
export function parseQuery(resource: ResourceType, query: Iterable<[string, string]>, isCollection: boolean): ResultSpec {
  const spec: ResultSpec = { filters: [], order: [], limit: null, offset: 0, fields: null, properties: [] }
  for (const [name, values] of grouped(query)) {
    if (name === 'order') spec.order = values.map(value => orderOf(resource, value))
    else if (name === 'field') spec.fields = values.map(value => known(resource, value))
    else if (name === 'limit') spec.limit = count('limit', values[0])
    else if (name === 'offset') spec.offset = count('offset', values[0])
    else if (name === 'property') spec.properties.push(...values)
    else if (Object.hasOwn(resource.fields, name)) spec.filters.push(filterOf(resource, { name, field: name, op: 'eq', values }))
    else if (name.includes('__')) spec.filters.push(...operatorFilter(resource, name, values))
    else throw new InvalidQueryParameter(`unrecognized query parameter '${name}'`)
  }
  checkSelected(spec)
  if (!isCollection && spec.filters.length > 0) throw new InvalidQueryParameter('this is not a collection')
  return spec
}

function grouped(query: Iterable<[string, string]>): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const [name, value] of query) {
    // No text in PostgreSQL can have one, so nothing could match.
    if (value.includes('\0')) throw new InvalidQueryParameter(`query parameter '${name}' has a NUL character`)
    const values = groups.get(name)
    if (values) values.push(value)
    else groups.set(name, [value])
  }
  return groups
}

function known(resource: ResourceType, field: string): string {
  if (!Object.hasOwn(resource.fields, field)) throw new InvalidQueryParameter(`no such field '${field}'`)
  return field
}

function orderOf(resource: ResourceType, given: string): Order {
  const descending = given.startsWith('-')
  return { field: known(resource, descending ? given.slice(1) : given), descending }
}

function count(name: string, given = ''): number {
  const number = numberIn(given)
  if (number === undefined || number < 0) throw new InvalidQueryParameter(`invalid ${name}`)
  return number
}

type Given = { name: string; field: string; op: Operator; values: string[] }

function filterOf(resource: ResourceType, { name, field, op, values }: Given): Filter {
  const type = resource.fields[field]
  const parsed = values.map(value => (type ? filterValue(type, value) : undefined))
  if (parsed.some(value => value === undefined)) throw new InvalidQueryParameter(`invalid filter value for ${name}`)
  return { field, op, values: parsed.filter(value => value !== undefined) }
}

function operatorFilter(resource: ResourceType, name: string, values: string[]): Filter[] {
  const at = name.lastIndexOf('__')
  const field = name.slice(0, at)
  const op = operators.find(operator => operator === name.slice(at + 2))
  if (!op || !Object.hasOwn(resource.fields, field)) return []
  if (values.length > 1 && !severalValues.includes(op)) return []
  return [filterOf(resource, { name, field, op, values })]
}

function checkSelected({ fields, order, filters }: ResultSpec): void {
  if (!fields) return
  if (order.some(({ field }) => !fields.includes(field))) throw new InvalidQueryParameter('cannot order on un-selected fields')
  if (filters.some(({ field }) => !fields.includes(field))) throw new InvalidQueryParameter('cannot filter on un-selected fields')
}
