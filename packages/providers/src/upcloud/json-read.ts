import { isRecord, type Json, type JsonRecord } from '@yardmaster/domain'

/** What is there, however deep; undefined when something on the way is missing. */
export function at(value: Json | undefined, ...keys: string[]): Json | undefined {
  let current = value
  for (const key of keys) current = isRecord(current) && Object.hasOwn(current, key) ? current[key] : undefined
  return current
}

export function textAt(value: Json | undefined, ...keys: string[]): string | null {
  const found = at(value, ...keys)
  return typeof found === 'string' ? found : null
}

/** UpCloud writes some numbers as texts. */
export function numberAt(value: Json | undefined, ...keys: string[]): number | null {
  const found = at(value, ...keys)
  const number = typeof found === 'string' && found.trim() !== '' ? Number(found) : found
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

export function recordsAt(value: Json | undefined, ...keys: string[]): JsonRecord[] {
  const found = at(value, ...keys)
  return Array.isArray(found) ? found.filter(isRecord) : []
}
