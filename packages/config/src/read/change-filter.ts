import type { ChangeFilterConfig, FieldFilter, Json } from '@yardmaster/domain'
import { isFunctionRef } from '@yardmaster/domain'
import { functionRef, pattern } from './leaves.js'
import { byKind, found, isRecord, mapOf, orNull, record } from './reader.js'
import type { Place, Reader } from './reader.js'

const fields = ['project', 'codebase', 'repository', 'category', 'branch'] as const
type Field = (typeof fields)[number]

/** Which values a field may be compared with. */
type Comparable = { expected: string; allows: (value: Json) => boolean }
const texts: Comparable = { expected: 'a text, a RegExp, a list of these, or a function', allows: value => typeof value === 'string' }
const textsOrNull: Comparable = { expected: 'a text, null, a RegExp, a list of these, or a function', allows: value => value === null || typeof value === 'string' }
const anything: Comparable = { expected: 'a value, a RegExp, a list of these, or a function', allows: value => value === null || typeof value !== 'object' }

/** What a field must be. */
const wanted = (comparable: Comparable): Reader<FieldFilter | null> => (value, at) => {
  if (value === undefined) return null
  if (isFunctionRef(value)) return { fn: { $fn: value.$fn } }
  const { equal, patterns } = sort(value, comparable, at)
  return { ...(equal.length > 0 ? { eq: equal } : {}), ...(patterns.length > 0 ? { regex: patterns } : {}) }
}

/** What it must not be. */
const unwanted = (comparable: Comparable): Reader<FieldFilter | null> => (value, at) => {
  if (value === undefined) return null
  const { equal, patterns } = sort(value, comparable, at)
  return { ...(equal.length > 0 ? { notEq: equal } : {}), ...(patterns.length > 0 ? { notRegex: patterns } : {}) }
}

function sort(value: Json, comparable: Comparable, at: Place): { equal: (string | null)[]; patterns: { source: string; flags: string }[] } {
  const items = Array.isArray(value) ? value : [value]
  const isPattern = (item: Json): boolean => isRecord(item) && '$regex' in item
  const bad = items.find(item => !isPattern(item) && !comparable.allows(item))
  if (bad !== undefined || items.length === 0) return at.wrong({ expected: comparable.expected, found: bad === undefined ? 'an empty list' : found(bad) })
  return {
    equal: items.filter(item => !isPattern(item)).map(item => (item === null ? null : typeof item === 'string' ? item : JSON.stringify(item))),
    patterns: items.filter(isPattern).map(item => pattern(item, at)),
  }
}

const comparableOf = (field: Field): Comparable => (field === 'branch' || field === 'category' ? textsOrNull : texts)

const options = record({
  project: wanted(texts), projectNot: unwanted(texts),
  codebase: wanted(texts), codebaseNot: unwanted(texts),
  repository: wanted(texts), repositoryNot: unwanted(texts),
  category: wanted(textsOrNull), categoryNot: unwanted(textsOrNull),
  branch: wanted(comparableOf('branch')), branchNot: unwanted(textsOrNull),
  properties: orNull(mapOf(wanted(anything), 'properties: a record')),
  propertiesNot: orNull(mapOf(unwanted(anything), 'properties: a record')),
  filterFn: orNull(functionRef),
}, 'options of util.changeFilter')

/** The filter that lets every change pass. */
export const noFilter: ChangeFilterConfig = { fields: {}, properties: {}, fn: null }

export const changeFilter: Reader<ChangeFilterConfig> = byKind<ChangeFilterConfig>({
  changeFilter: (value, at) => {
    const given = options(value, at)
    const filter: ChangeFilterConfig = { fields: {}, properties: {}, fn: given.filterFn }
    for (const field of fields) {
      const both = { ...given[field], ...given[`${field}Not`] }
      if (Object.keys(both).length > 0) filter.fields[field] = both
    }
    for (const side of [given.properties, given.propertiesNot]) {
      for (const [name, conditions] of Object.entries(side ?? {})) filter.properties[name] = { ...filter.properties[name], ...conditions }
    }
    return filter
  },
}, 'util.changeFilter(…)')
