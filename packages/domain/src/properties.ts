import type { Json } from './json.js'

/** Properties by name, each with the source that set it last: the shape that is stored and that REST shows. */
export type Properties = { [name: string]: [value: Json, source: string] }

/** Later layers win, as Buildbot's build properties do. */
export function mergeProperties(...layers: (Properties | undefined)[]): Properties {
  return Object.assign({}, ...layers)
}

/** The same properties for every value of `values`, all said by `source`. */
export function propertiesFrom(values: { [name: string]: Json }, source: string): Properties {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value, source]]))
}
