import type { Json } from '@yardmaster/domain'

/** The build request in the answer of force and rebuild: `[bsid, {builderid: buildrequestid}]`. */
export function requestOf(result: Json): number | undefined {
  if (!Array.isArray(result)) return undefined
  const byBuilder = result[1]
  if (typeof byBuilder !== 'object' || byBuilder === null || Array.isArray(byBuilder)) return undefined
  const request = Object.values(byBuilder)[0]
  return typeof request === 'number' ? request : undefined
}
