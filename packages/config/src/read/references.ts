import { safeName } from '@yardmaster/domain'
import type { Json } from '@yardmaster/domain'
import { nearestName } from '../host/nearest.js'
import { isRecord } from './reader.js'
import type { Described, Finding, Path } from './reader.js'

/** An item of one of the configuration's lists, whatever else is wrong with it. */
type Item = { path: Path; entry: Described }

/**
 * What refers to what: names that do not exist, names that exist twice, builders without workers. Works on the described tree and not
 * on the checked configuration, so that a wrong value elsewhere hides none of this.
 */
export function referenceFindings(tree: Json): Finding[] {
  const items = (key: string): Item[] => {
    const list = isRecord(tree) ? tree[key] : undefined
    return Array.isArray(list) ? list.flatMap((entry, index) => (isRecord(entry) ? [{ path: [key, index], entry }] : [])) : []
  }
  const [workers, builders, schedulers, projects] = [items('workers'), items('builders'), items('schedulers'), items('projects')]
  const knownWorkers = names(workers)
  const knownBuilders = names(builders)
  return [
    ...twice(workers, 'name', 'worker'), ...twice(builders, 'name', 'builder'), ...twice(schedulers, 'name', 'scheduler'), ...twice(projects, 'name', 'project'),
    ...twice(builders.map(withDefaults), 'key', 'builder'), ...twice(builders.map(withDefaults), 'builddir', 'builder'),
    ...twice(items('changeSources').map(({ path, entry }) => ({ path, entry: { ...entry, name: entry['name'] ?? entry['repository'] ?? null } })), 'name', 'change source'),
    ...builders.flatMap(item => withoutWorkers(item)),
    ...builders.flatMap(item => unknownNames(item, 'workers', { known: knownWorkers, what: 'worker' })),
    ...schedulers.flatMap(item => ['builders', 'builderNames'].flatMap(key => unknownNames(item, key, { known: knownBuilders, what: 'builder' }))),
    ...schedulers.flatMap(item => upstreamFindings(item, schedulers)),
    ...items('services').flatMap(item => filtersOf(item)).flatMap(item => ['builders', 'buildsTriggeredBy', 'cancelBuilds'].flatMap(key => unknownNames(item, key, { known: knownBuilders, what: 'builder' }))),
    ...builders.flatMap(item => stepsOf(item)).flatMap(item => unknownNames(item, 'schedulerNames', { known: names(schedulers.filter(({ entry }) => entry['$kind'] === 'triggerable' || entry['$kind'] === 'nightlyTriggerable')), what: 'triggerable scheduler' })),
    ...items('services').flatMap(item => generatorsOf(item)).flatMap(item => unknownNames(item, 'builders', { known: knownBuilders, what: 'builder' })),
    ...builders.flatMap(({ path, entry }) => (typeof entry['project'] === 'string' ? unknownName([...path, 'project'], entry['project'], { known: names(projects), what: 'project' }) : [])),
  ]
}

/** The name of what a dependent scheduler waits for, which it may have been given whole. */
function upstreamOf({ entry }: Item): string | undefined {
  const upstream = entry['$kind'] === 'dependent' ? entry['upstream'] : undefined
  return isRecord(upstream) ? nameOf(upstream) : typeof upstream === 'string' ? upstream : undefined
}

/** Of dependent schedulers that wait for each other in a circle none would ever build. */
function upstreamFindings(item: Item, schedulers: Item[]): Finding[] {
  const upstream = upstreamOf(item)
  if (upstream === undefined) return []
  const path = [...item.path, 'upstream']
  const seen = new Set<string>()
  for (let next: string | undefined = upstream; next !== undefined && !seen.has(next);) {
    seen.add(next)
    const above: Item | undefined = schedulers.find(({ entry }) => nameOf(entry) === next)
    next = above && upstreamOf(above)
  }
  const own = nameOf(item.entry)
  if (own !== undefined && seen.has(own) && names(schedulers).includes(upstream)) {
    return [{ path, expected: 'a scheduler that does not wait for this one', found: `'${upstream}'`, message: `the scheduler '${own}' waits for itself by way of ${[...seen].map(each => `'${each}'`).join(', ')}` }]
  }
  return unknownName(path, upstream, { known: names(schedulers), what: 'scheduler' })
}

/** What a canceller has an eye on. */
function filtersOf({ path, entry }: Item): Item[] {
  const { $kind: kind, filters } = entry
  if (typeof kind !== 'string' || !kind.startsWith('canceller.') || !Array.isArray(filters)) return []
  return filters.flatMap((filter, index) => (isRecord(filter) ? [{ path: [...path, 'filters', index], entry: filter }] : []))
}

/** Of a reporter. */
function generatorsOf({ path, entry }: Item): Item[] {
  const generators = entry['generators']
  return Array.isArray(generators) ? generators.flatMap((generator, index) => (isRecord(generator) ? [{ path: [...path, 'generators', index], entry: generator }] : [])) : []
}

/** Of a builder, those that trigger others. */
function stepsOf({ path, entry }: Item): Item[] {
  const steps = entry['steps']
  if (!Array.isArray(steps)) return []
  return steps.flatMap((step, index) => (isRecord(step) && step['$kind'] === 'trigger' ? [{ path: [...path, 'steps', index], entry: step }] : []))
}

const nameOf = (entry: Described): string | undefined => (typeof entry['name'] === 'string' ? entry['name'] : undefined)

const names = (items: Item[]): string[] => items.flatMap(({ entry }) => nameOf(entry) ?? [])

/** A key or folder that is not said follows from the name; then only the name is told to be there twice. */
function withDefaults({ path, entry }: Item): Item {
  const name = nameOf(entry)
  return { path, entry: name === undefined ? entry : { key: name, builddir: safeName(name), ...entry } }
}

function twice(items: Item[], key: string, what: string): Finding[] {
  const first = new Map<string, Item>()
  return items.flatMap(item => {
    const value = item.entry[key]
    if (typeof value !== 'string') return []
    const earlier = first.get(value)
    if (!earlier) first.set(value, item)
    if (!earlier || (key !== 'name' && nameOf(earlier.entry) === nameOf(item.entry))) return []
    const where = `${earlier.path.join('[')}]`
    const beside = key === 'name' || nameOf(earlier.entry) === undefined ? '' : ` (${what} '${nameOf(earlier.entry)}')`
    return [{ path: [...item.path, key], expected: `a ${key} of its own`, found: `'${value}'`, message: `the ${key} '${value}' is already that of ${where}${beside}` }]
  })
}

function withoutWorkers({ path, entry }: Item): Finding[] {
  const list = entry['workers'] ?? []
  if (!Array.isArray(list) || list.length > 0 || isRecord(entry['workerLabels'])) return []
  return [{ path: [...path, 'workers'], expected: 'at least one name of a worker', found: 'an empty list', message: `builder '${nameOf(entry) ?? ''}' has no workers, so it could never run` }]
}

type Known = { known: string[]; what: string }

function unknownNames({ path, entry }: Item, key: string, known: Known): Finding[] {
  const list = entry[key]
  if (!Array.isArray(list)) return []
  return list.flatMap((name, index) => (typeof name === 'string' ? unknownName([...path, key, index], name, known) : []))
}

function unknownName(path: Path, name: string, { known, what }: Known): Finding[] {
  if (known.includes(name)) return []
  const nearest = nearestName(name, known)
  const hint = nearest === undefined ? (known.length === 0 ? `; there are no ${what}s` : `; known are ${known.join(', ')}`) : `; did you mean '${nearest}'?`
  return [{ path, expected: `the name of a ${what}`, found: `'${name}'`, ...(nearest === undefined ? {} : { nearest }), message: `there is no ${what} '${name}'${hint}` }]
}
