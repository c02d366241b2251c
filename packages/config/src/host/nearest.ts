import { closest, distance } from 'fastest-levenshtein'

/** The known name that a mistyped one most likely means; undefined if none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined
  const same = known.find(candidate => candidate.toLowerCase() === name.toLowerCase())
  const candidate = same ?? closest(name, known)
  return same || distance(name, candidate) <= Math.max(2, Math.floor(name.length / 3)) ? candidate : undefined
}
