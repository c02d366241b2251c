import type { ForceField } from '@yardmaster/rest'
import { leaves } from './force-values.js'
import type { ForceValues } from './force-values.js'

const key = 'yardmaster.username'

/** Until there is sign-in the form asks who it is: once per browser is enough. */
export function withRememberedName(fields: readonly ForceField[], values: ForceValues): ForceValues {
  const name = localStorage.getItem(key)
  const field = leaves(fields).find(({ type }) => type === 'username')
  return field && name && values[field.fullName] === '' ? { ...values, [field.fullName]: name } : values
}

export function rememberName(fields: readonly ForceField[], values: ForceValues): void {
  const field = leaves(fields).find(({ type }) => type === 'username')
  const name = field && values[field.fullName]
  if (typeof name === 'string' && name !== '') localStorage.setItem(key, name)
}
