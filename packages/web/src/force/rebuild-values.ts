import type { Json } from '@yardmaster/domain'
import type { Rebuildable, RebuildBody } from '@yardmaster/rest'

/** A form of what is to be different, as it is being filled in. */
export type RebuildDraft = {
  reason: string
  stamps: { codebase: string; branch: string; revision: string; patch: boolean }[]
  properties: { key: string; name: string; text: string; added: boolean }[]
  /** How many have been added so far. */
  added: number
}

/** A text stands for itself, anything else for its JSON. */
const textOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

export function beginning({ properties, sourcestamps }: Rebuildable): RebuildDraft {
  return {
    reason: 'rebuild', added: 0,
    stamps: sourcestamps.map(({ codebase, branch, revision }) => ({ codebase, branch: branch ?? '', revision: revision ?? '', patch: true })),
    properties: Object.entries(properties).filter(([name]) => name !== 'scheduler').map(([name, [value]]) => ({ key: name, name, text: textOf(value), added: false })),
  }
}

function valueOf({ properties }: Rebuildable, { name, text, added }: RebuildDraft['properties'][number]): { value: Json } | { problem: string } {
  const before = added ? '' : properties[name]?.[0] ?? ''
  if (typeof before === 'string' || text === textOf(before)) return { value: text === textOf(before) ? before : text }
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    return { problem: `${name} was ${Array.isArray(before) ? 'a list' : typeof before === 'object' ? 'a record' : `a ${typeof before}`}: write JSON` }
  }
}

/** What is wrong with each of the properties; null: nothing. */
export function problemsOf(original: Rebuildable, { properties }: RebuildDraft): (string | null)[] {
  return properties.map((property, at) => {
    if (property.name.trim() === '') return 'a property needs a name'
    if (properties.findIndex(other => other.name === property.name) !== at) return `${property.name} is there twice`
    const read = valueOf(original, property)
    return 'problem' in read ? read.problem : null
  })
}

/** Of a form without problems. */
export function changesOf(original: Rebuildable, { reason, stamps, properties }: RebuildDraft): RebuildBody {
  const kept = properties.map(({ name }) => name)
  const values = properties.map((property): [string, Json] => {
    const read = valueOf(original, property)
    return [property.name, 'value' in read ? read.value : property.text]
  })
  return {
    reason, sourcestamps: stamps, properties: Object.fromEntries(values),
    remove_properties: Object.keys(original.properties).filter(name => name !== 'scheduler' && !kept.includes(name)),
  }
}
