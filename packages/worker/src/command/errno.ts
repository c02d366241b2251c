import { constants } from 'node:os'

/** The number of an error's code; of what has none, that it was not permitted. */
export function errnoOf(code: string | undefined): number {
  if (code === undefined) return constants.errno.EPERM
  return (constants.errno as Record<string, number>)[code] ?? constants.errno.EIO
}
