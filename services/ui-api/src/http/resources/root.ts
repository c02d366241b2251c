import { applyResultSpec, buildData, logchunks, rootlinks, specs, type ResourceType } from '@yardmaster/rest'
import type { Endpoint } from './endpoint.js'
import { buildPlaces, logPlaces } from './places.js'
import { patternsOf } from './patterns.js'

/** What Buildbot names there, in its order. */
const links = [
  'builders', 'builds', 'buildrequests', 'codebases', 'workers', 'logchunks', 'buildsets', 'changes', 'changesources', 'masters', 'sourcestamps', 'schedulers',
  'forceschedulers', 'projects',
].map(name => ({ name }))

type Described = { path: string; type: ResourceType }

/** Paths that answer bytes instead of resources. */
const rawPaths: Described[] = [
  ...logPlaces.flatMap(place => [`${place}/raw`, `${place}/raw_inline`]).map(path => ({ path, type: logchunks })),
  ...buildPlaces.map(place => ({ path: `${place}/data/:name/value`, type: buildData })),
]

/** The root and the description of all paths, its own included. */
export function rootEndpoints(others: readonly Endpoint[]): Endpoint[] {
  const root = inMemory('/', rootlinks, () => links)
  const all = inMemory('/application.spec', specs, () => described([root, all, ...others.filter(one => !one.undescribed), ...rawPaths]))
  return [root, all]
}

function inMemory(path: string, type: ResourceType, rows: () => { [field: string]: unknown }[]): Endpoint {
  return { path, type, kind: 'collection', answer: ({ spec }) => Promise.resolve(applyResultSpec(rows(), spec)) }
}

function described(endpoints: readonly Described[]): { [field: string]: unknown }[] {
  return endpoints
    .flatMap(({ path, type }) => patternsOf({ path }).map(pattern => ({ path: pattern, plural: type.plural, type: type.spec.name, type_spec: type.spec.type_spec })))
    .sort((a, b) => comparePaths(a.path, b.path))
}

/** Element by element, as Buildbot sorts them. */
function comparePaths(a: string, b: string): number {
  const [left, right] = [a.split('/'), b.split('/')]
  const at = left.findIndex((part, index) => part !== right[index])
  if (at < 0) return left.length - right.length
  const other = right[at]
  return other === undefined || (left[at] ?? '') > other ? 1 : -1
}
