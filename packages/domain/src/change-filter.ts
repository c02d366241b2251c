import type { ChangeData } from './change.js'
import type { ChangeFilterConfig, FieldFilter } from './configuration.js'
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
  return !filter.fn || ask(filter.fn, change as Json)
}

/** `eq: [null]` asks for a change without a branch; an absent `eq` asks nothing. A regular expression never matches null. */
function passes(filter: FieldFilter, value: Json): boolean {
  const { eq, notEq, regex, notRegex } = filter
  const matches = (patterns: { source: string; flags: string }[]): boolean =>
    value !== null && patterns.some(pattern => new RegExp(pattern.source, pattern.flags).test(String(value)))
  const wanted = (!eq && !regex) || (eq?.some(item => item === value) ?? false) || matches(regex ?? [])
  return wanted && !notEq?.some(item => item === value) && !matches(notRegex ?? [])
}
