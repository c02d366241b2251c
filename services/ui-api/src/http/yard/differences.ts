import type { Json } from '@yardmaster/domain'
import type { Difference } from '@yardmaster/rest'
import { isDeepStrictEqual } from 'node:util'

const isRecord = (value: unknown): value is { [name: string]: unknown } => typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is a secret is told as that alone. */
const secret = /password|secret|token|credential|auth/i
/** Passwords by the names of users. */
const passwords = /^www\.auth\.users(?:\.|$)/

/** What `after` says otherwise than `before`, down to the fields; things of lists are known by their names. */
export function differencesOf(before: unknown, after: unknown, what = ''): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  const [old, now] = [named(before), named(after)]
  if (old && now) return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap(name => differencesOf(old[name] ?? null, now[name] ?? null, what === '' ? name : `${what}.${name}`))
  return [{ what, before: told(before, what), after: told(after, what) }]
}

function named(value: unknown): { [name: string]: unknown } | null {
  if (isRecord(value)) return value
  if (!Array.isArray(value)) return null
  const entries = value.map((item: unknown): [string, unknown] => [isRecord(item) && typeof item['name'] === 'string' ? item['name'] : '', item])
  return entries.length > 0 && entries.every(([name]) => name !== '') && new Set(entries.map(([name]) => name)).size === entries.length ? Object.fromEntries(entries) : null
}

function told(value: unknown, what: string): Json {
  if (value === null || value === undefined) return null
  return JSON.parse(JSON.stringify(passwords.test(what) || secret.test(what.split('.').at(-1) ?? '') ? '***' : value, (key, inner: unknown) => (secret.test(key) && inner !== null ? '***' : inner))) as Json
}
