import { isRecord, type Json } from '@yardmaster/domain'

const nameOf = (value: Json): string | null => (isRecord(value) && typeof value['name'] === 'string' ? value['name'] : null)

/** `more` over `base`, as Kubernetes merges: records by key, lists of what has names by name; any other list is replaced. null takes away. */
export function merged(base: Json | undefined, more: Json): Json {
  if (Array.isArray(base) && Array.isArray(more) && [...base, ...more].every(item => nameOf(item) !== null)) {
    const names = new Set(base.map(nameOf))
    return [...base.map(item => { const over = more.find(other => nameOf(other) === nameOf(item)); return over === undefined ? item : merged(item, over) }), ...more.filter(item => !names.has(nameOf(item)))]
  }
  if (!isRecord(base) || !isRecord(more)) return more
  const entries = Object.entries(more).map(([key, value]): [string, Json] => [key, merged(base[key], value)])
  return Object.fromEntries(Object.entries({ ...base, ...Object.fromEntries(entries) }).filter(([, value]) => value !== null))
}
