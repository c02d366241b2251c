import type { ChangeData } from './change.js'
import type { ChangeFilterConfig, FieldFilter } from './scheduler-config.js'
import { toText } from './interpolate.js'
import type { Json } from './json.js'
import type { FunctionRef } from './renderable.js'

/** Asks a user's function about a change, or about one field of it. */
export type AskFunction = (fn: FunctionRef, input: Json) => Promise<boolean>

const fields = ['project', 'codebase', 'repository', 'category', 'branch'] as const

/**
 * Whether a change passes: all fields, all properties and the function must agree. Functions are asked last,
 * and only when everything else agrees, because asking costs a visit to a configuration thread.
 */
export async function matchesChangeFilter(filter: ChangeFilterConfig, change: ChangeData, ask: AskFunction): Promise<boolean> {
  const checks: { filter: FieldFilter; value: Json }[] = []
  for (const field of fields) {
    const fieldFilter = filter.fields[field]
    if (fieldFilter) checks.push({ filter: fieldFilter, value: change[field] })
  }
  for (const [name, propertyFilter] of Object.entries(filter.properties)) {
    checks.push({ filter: propertyFilter, value: change.properties[name]?.[0] ?? '' })
  }
  if (!checks.every(check => passes(check.filter, check.value))) return false
  for (const { filter: { fn }, value } of checks) if (fn && !(await ask(fn, value))) return false
  return !filter.fn || ask(filter.fn, change)
}

/** Values are compared as texts, so that a property of 5 is '5'. `eq: [null]` asks for a change without a branch; an absent `eq` asks nothing. A regular expression never matches null. */
function passes(filter: FieldFilter, value: Json): boolean {
  const { eq, notEq, regex, notRegex } = filter
  const text = value === null ? null : toText(value)
  const matches = (patterns: { source: string; flags: string }[]): boolean =>
    text !== null && patterns.some(pattern => new RegExp(pattern.source, pattern.flags).test(text))
  const wanted = (!eq && !regex) || (eq?.includes(text) ?? false) || matches(regex ?? [])
  return wanted && !notEq?.includes(text) && !matches(notRegex ?? [])
}
