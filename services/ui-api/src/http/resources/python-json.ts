import type { Json } from '@yardmaster/domain'

/** A value as Buildbot's master writes it where it answers with JSON in a text: spaces after commas and colons, and nothing but ASCII. */
export function pythonJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, item]) => `${ascii(JSON.stringify(key))}: ${pythonJson(item)}`).join(', ')}}`
  return ascii(JSON.stringify(value))
}

/** By half of a surrogate pair, as Python does it. */
const ascii = (text: string) => text.replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
