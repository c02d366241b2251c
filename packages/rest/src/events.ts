/** A live event as Buildbot's WebSocket tells it: key (its path, the last part is the event) and message (the resource). */
export type LiveEvent = { k: string; m: { [field: string]: unknown } }

/** Of ours: how many builds run and requests wait. No event of the event stream, so it has no place there; who listens (also again) is told at once. */
export const countsPath = 'counts/builds/update'

/** Whether an event's path is one that the pattern asks for: `*` stands for any one element. */
export function matchesPath(pattern: string, path: string): boolean {
  return masked(path, maskOf(pattern)) === pattern
}

/** Which elements of a pattern are open, e.g. `.**` for `builds`, any id, any event: all patterns of one mask are found by one look-up of the masked path. */
export function maskOf(pattern: string): string {
  return pattern.split('/').map(part => (part === '*' ? '*' : '.')).join('')
}

/** The one pattern of this mask that matches the path; undefined when their lengths differ. */
export function masked(path: string, mask: string): string | undefined {
  const parts = path.split('/')
  if (parts.length !== mask.length) return undefined
  return parts.map((part, index) => (mask[index] === '*' ? '*' : part)).join('/')
}
