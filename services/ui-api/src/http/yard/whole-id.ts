import { YardError } from './yard-error.js'

/** Throws YardError (404) for what cannot be the id of a row. */
export function wholeId(text: string): number {
  const id = Number(text)
  if (!Number.isSafeInteger(id) || id < 1) throw new YardError(404, `not found: ${text} is no number of a row`)
  return id
}
