import type { ChangeData } from './change.js'
import type { ChangeFilterConfig, FieldFilter } from './scheduler-config.js'
import { toText } from './interpolate.js'
import type { Json } from './json.js'
import type { FunctionRef } from './renderable.js'

/** Asks a user's function about a change, or about one field of it. */
export type AskFunction = (fn: FunctionRef, input: Json) => Promise<boolean>

/** What of a filter refused a change: a field, a property, or the function of the whole change (`filter` is null then). */
export type FilterRefusal = { part: 'field' | 'property' | 'function'; name: string; value: Json; filter: FieldFilter | null }

const fields = ['project', 'codebase', 'repository', 'category', 'branch'] as const

/**
 * What refuses a change first; null: it passes. All fields, all properties and the function must agree. Functions are asked last,
 * and only when everything else agrees, because asking costs a visit to a configuration thread.
 */
export async function filterRefusal(filter: ChangeFilterConfig, change: ChangeData, ask: AskFunction): Promise<FilterRefusal | null> {
  const checks = checksOf(filter, change)
  const refusal = checks.find(check => !passes(check.filter, check.value))
  if (refusal) return refusal
  for (const check of checks) if (check.filter.fn && !(await ask(check.filter.fn, check.value))) return check
  return !filter.fn || await ask(filter.fn, change) ? null : { part: 'function', name: 'filterFn', value: null, filter: null }
}

/** Whether a change passes a filter: `filterRefusal` says why not. */
export async function matchesChangeFilter(filter: ChangeFilterConfig, change: ChangeData, ask: AskFunction): Promise<boolean> {
  return await filterRefusal(filter, change, ask) === null
}

function checksOf(filter: ChangeFilterConfig, change: ChangeData): (FilterRefusal & { filter: FieldFilter })[] {
  const checks: (FilterRefusal & { filter: FieldFilter })[] = []
  for (const field of fields) {
    const fieldFilter = filter.fields[field]
    if (fieldFilter) checks.push({ part: 'field', name: field, filter: fieldFilter, value: change[field] })
  }
  for (const [name, propertyFilter] of Object.entries(filter.properties)) {
    checks.push({ part: 'property', name, filter: propertyFilter, value: change.properties[name]?.[0] ?? '' })
  }
  return checks
}

/** Values are compared as texts, so that a property of 5 is '5'. `eq: [null]` asks for a change without a branch; an absent `eq` asks nothing. A regular expression never matches null. */
function passes(filter: FieldFilter, value: Json): boolean {
  const { eq, notEq, regex, notRegex } = filter
  const text = value === null ? null : toText(value)
  const matches = (patterns: Pattern[]): boolean => text !== null && patterns.some(pattern => compiled(pattern).test(text))
  const wanted = (!eq && !regex) || (eq?.includes(text) ?? false) || matches(regex ?? [])
  return wanted && !notEq?.includes(text) && !matches(notRegex ?? [])
}

type Pattern = { source: string; flags: string }
/** By the configuration's own objects, which go with it. */
const compiledPatterns = new WeakMap<Pattern, RegExp>()

function compiled(pattern: Pattern): RegExp {
  const known = compiledPatterns.get(pattern)
  if (known) return known
  const expression = new RegExp(pattern.source, pattern.flags)
  compiledPatterns.set(pattern, expression)
  return expression
}
