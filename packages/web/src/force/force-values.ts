import type { Json } from '@yardmaster/domain'
import type { ForceField } from '@yardmaster/rest'

export type ForceValues = { readonly [fullName: string]: Json }

/** What the form starts with: each field's default, groups opened up. */
export function defaultValues(fields: readonly ForceField[]): ForceValues {
  return Object.fromEntries(leaves(fields).map(field => [field.fullName, startOf(field)]))
}

/** The fields that are filled in, without their groups and without what the server knows itself. */
export function leaves(fields: readonly ForceField[]): ForceField[] {
  return fields.flatMap(field => (field.type === 'nested' ? leaves(field.fields ?? []) : field.type === 'fixed' ? [] : [field]))
}

/** Whether people see it. */
export const isShown = (field: ForceField): boolean => !field.hide && field.type !== 'fixed'

/** The groups that are seen. */
const groups = (fields: readonly ForceField[]): ForceField[] => fields.filter(field => field.type === 'nested' && !field.hide).flatMap(field => [field, ...groups(field.fields ?? [])])

/** Errors that no visible field can show, as `field: message`. */
export function homelessErrors(fields: readonly ForceField[], errors: { readonly [field: string]: string }): string[] {
  const visible = new Set([...groups(fields), ...leaves(fields).filter(field => !field.hide)].map(field => field.fullName))
  return Object.entries(errors).filter(([field]) => !visible.has(field)).map(([field, message]) => `${field}: ${message}`)
}

function startOf(field: ForceField): Json {
  const given = field.default as Json
  if (field.type === 'bool') return given === true
  if (field.multiple) return Array.isArray(given) ? given : given === null || given === '' ? [] : [given]
  return given === null || given === undefined ? '' : given
}
