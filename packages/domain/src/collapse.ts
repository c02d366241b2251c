import type { Json } from './json.js'
import type { Properties } from './properties.js'
import type { SourceStampData } from './source-stamp.js'

/** A build request with what its buildset says, as collapsing needs it. */
export type CollapseView = {
  request: number
  buildset: number
  properties: Properties
  sourcestamps: (SourceStampData & { hasChanges: boolean })[]
}

/** Who asked and why may differ between two requests for the same work. */
const aboutTheAsking = ['scheduler', 'owner', 'reason']

/**
 * Whether building `newer` makes `older` needless: the same codebases at the same place, both from changes (then the newer
 * revision has the older ones) or both of one revision, without a patch, and with the same properties. Buildbot compares only
 * properties whose source is 'Scheduler', so that two forced builds with different parameters become one; here they do not.
 */
export function mayCollapse(newer: CollapseView, older: CollapseView): boolean {
  if (newer.buildset === older.buildset) return true
  if (newer.request < older.request) return false
  if (newer.sourcestamps.length !== older.sourcestamps.length) return false
  const olderStamps = new Map(older.sourcestamps.map(stamp => [stamp.codebase, stamp]))
  const sameSource = newer.sourcestamps.every(stamp => {
    const other = olderStamps.get(stamp.codebase)
    return other !== undefined && covers(stamp, other)
  })
  return sameSource && comparable(newer.properties) === comparable(older.properties)
}

function covers(newer: CollapseView['sourcestamps'][number], older: CollapseView['sourcestamps'][number]): boolean {
  if (newer.repository !== older.repository || newer.branch !== older.branch || newer.project !== older.project) return false
  if (newer.patch || older.patch) return false
  if (newer.hasChanges !== older.hasChanges) return false
  return newer.hasChanges || newer.revision === older.revision
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
