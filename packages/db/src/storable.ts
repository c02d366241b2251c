import type { Json } from '@yardmaster/domain'

const REPLACEMENT = '\ufffd'

/** Text from outside as PostgreSQL can keep it: a NUL or half a surrogate pair, which would fail the whole transaction, becomes U+FFFD. */
export function storableText(text: string): string {
  return Buffer.from(text.replaceAll('\0', REPLACEMENT), 'utf8').toString('utf8')
}

/** Outside data as jsonb can keep it, as JSON text; names and values are treated as `storableText` does. */
export function storableJson(value: Json): string {
  return JSON.stringify(storable(value))
}

function storable(value: Json): Json {
  if (typeof value === 'string') return storableText(value)
  if (Array.isArray(value)) return value.map(storable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), storable(item)]))
}
