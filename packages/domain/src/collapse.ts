import type { Json } from './json.js'
import type { Properties } from './properties.js'
import type { SourceStampData } from './source-stamp.js'

/** What a build request says of its build, as collapsing needs it. */
export type CollapseView = {
  properties: Properties
  sourcestamps: (SourceStampData & { hasChanges: boolean })[]
}

/** Who asked and why may differ between two requests for the same work. */
const aboutTheAsking = ['scheduler', 'owner', 'reason']

/**
 * What a request asks for. Building a newer request makes an older one of the same builder needless when both have the same key: the same codebases at the same
 * place, both from changes (then the newer revision has the older ones) or both of one revision, and the same properties. Null: it is like no other, with a patch or
 * without any sourcestamp. Buildbot compares only properties whose source is 'Scheduler', so that two forced builds with different parameters become one; here they do not.
 */
export function collapseKey({ sourcestamps, properties }: CollapseView): string | null {
  if (!isComparable(sourcestamps)) return null
  const sources = sourcestamps.map(({ codebase, revision, hasChanges }) => stableJson([codebase, hasChanges || { revision }]))
  return `${workOf(sourcestamps, properties)} ${sources.sort().join(' ')}`
}

/** The part of it that never changes, and that a request has before it is known which of its revisions came with changes. Null: as there. */
export function collapseWork(sourcestamps: readonly SourceStampData[], properties: Properties): string | null {
  return isComparable(sourcestamps) ? workOf(sourcestamps, properties) : null
}

const isComparable = (sourcestamps: readonly SourceStampData[]) => sourcestamps.length > 0 && !sourcestamps.some(stamp => stamp.patch)

function workOf(sourcestamps: readonly SourceStampData[], properties: Properties): string {
  const places = sourcestamps.map(({ codebase, repository, project, branch }) => stableJson([codebase, repository, project, branch]))
  return `${places.sort().join(' ')} ${comparable(properties)}`
}

function comparable(properties: Properties): string {
  const kept = Object.entries(properties).filter(([name]) => !aboutTheAsking.includes(name))
  return stableJson(Object.fromEntries(kept.map(([name, [value]]) => [name, value])))
}

/** JSON with sorted keys: equal for equal values. */
export function stableJson(value: Json): string {
  return JSON.stringify(value, (_key, item: Json) =>
    item !== null && typeof item === 'object' && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item)
}
