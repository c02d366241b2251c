import { parseInterpolation } from './interpolation-syntax.js'
import type { Lookup, Part } from './interpolation-syntax.js'
import type { Json } from './json.js'

/** Where a lookup finds its value; `found: false` is not the same as a value of null (`:-` and `:+` tell them apart). */
export type Found = { found: boolean; value: Json }
export type LookupSource = (lookup: Pick<Lookup, 'selector' | 'codebase' | 'key'>) => Promise<Found>

/**
 * The text of a format once its lookups are known, as Buildbot's Interpolate renders it: what is missing or null is ''.
 * Alternatives that are not taken are not looked up, so their secrets need not exist.
 * Throws when the format is not well-formed (the configuration check refuses it earlier).
 */
export async function interpolate(format: string, source: LookupSource): Promise<string> {
  const { parts, problems } = parseInterpolation(format)
  const problem = problems[0]
  if (problem) throw new Error(`interpolation ${JSON.stringify(format)}, character ${problem.position}: ${problem.message}`)
  return renderParts(parts, source)
}

async function renderParts(parts: Part[], source: LookupSource): Promise<string> {
  let text = ''
  for (const part of parts) text += typeof part === 'string' ? part : await renderLookup(part, source)
  return text
}

async function renderLookup(lookup: Lookup, source: LookupSource): Promise<string> {
  const { found, value } = await source(lookup)
  switch (lookup.form) {
    case '-': return found ? toText(value) : renderParts(lookup.otherwise, source)
    case '~': return found && isTrue(value) ? toText(value) : renderParts(lookup.otherwise, source)
    case '+':
    case '?': return renderParts(found ? lookup.instead : lookup.otherwise, source)
    case '#?': return renderParts(found && isTrue(value) ? lookup.instead : lookup.otherwise, source)
  }
}

/** What Python, and so Buildbot, takes for true: not null, 0, '', nor an empty list or record. */
export function isTrue(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0
  return Boolean(value)
}

/** A value inside a text: null is '', lists and records are JSON. */
export function toText(value: Json): string {
  if (value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
