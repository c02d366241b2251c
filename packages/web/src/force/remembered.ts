import type { ForceField } from '@yardmaster/rest'
import { leaves } from './force-values.js'
import type { ForceValues } from './force-values.js'

const nameKey = 'yardmaster.username'
const valuesKey = (scheduler: string): string => `yardmaster.force.${scheduler}`
/** Longer texts are no habit. */
const longest = 500

/** Where nobody signs in the form asks who it is: once per browser is enough. */
export function rememberedName(fields: readonly ForceField[]): ForceValues {
  const name = localStorage.getItem(nameKey)
  const field = leaves(fields).find(({ type }) => type === 'username')
  return field && name && !field.default ? { [field.fullName]: name } : {}
}

/** What was filled in for the scheduler last time; null: nothing, or nothing that is there any more. */
export function lastValues({ name, all_fields: fields }: { name: string; all_fields: readonly ForceField[] }): ForceValues | null {
  try {
    const known = new Set(leaves(fields).map(field => field.fullName))
    const kept = Object.entries(JSON.parse(localStorage.getItem(valuesKey(name)) ?? '{}') as ForceValues).filter(([field]) => known.has(field))
    return kept.length > 0 ? Object.fromEntries(kept) : null
  } catch {
    return null
  }
}

export function remember({ name, all_fields: fields }: { name: string; all_fields: readonly ForceField[] }, given: ForceValues): void {
  const who = leaves(fields).find(({ type }) => type === 'username')
  const own = who && given[who.fullName]
  if (typeof own === 'string' && own !== '') localStorage.setItem(nameKey, own)
  const files = new Set(leaves(fields).filter(({ type }) => type === 'file').map(field => field.fullName))
  localStorage.setItem(valuesKey(name), JSON.stringify(Object.fromEntries(Object.entries(given).filter(([field, value]) => !files.has(field) && JSON.stringify(value).length <= longest))))
}
