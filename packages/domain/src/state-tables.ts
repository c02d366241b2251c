/**
 * Every state of the rows that move, and where each may go. A verb that changes a state names both ends in its statement;
 * the tables say which pairs exist, and the fault tests let the database itself watch that no other is ever seen. Replicas and build requests have a column for it; of the others it follows from a column, named here.
 * Intent and observation are columns of their own (draining, paused, stop requested) and no states.
 */
export const stateTables = {
  /** alive: its beat is its lease. stopped: went by itself. dead: others saw its beat stand still. It comes back only as a new row. */
  replica: { alive: ['stopped', 'dead'], stopped: [], dead: [] },
  /** `connected`. Every move raises the number, and so does a connection that takes over from another. */
  session: { connected: ['disconnected', 'connected'], disconnected: ['connected', 'disconnected'] },
  /** `dispatched_at`. new: accepted, no scheduler has been asked. dispatched: all have, and what they said is written. */
  change: { new: ['dispatched'], dispatched: [] },
  /** pending: claimable. claimed: a build of it is under way. complete: has its result, for ever. */
  buildrequest: { pending: ['claimed', 'complete'], claimed: ['pending', 'complete'], complete: [] },
  /** `complete_at`. incomplete: some request is not complete (`remaining` > 0). */
  buildset: { incomplete: ['complete'], complete: [] },
  /** `complete_at`. running from the claim on, which numbers it. */
  build: { running: ['complete'], complete: [] },
  /** `started_at`, `complete_at`. From pending to complete: skipped, or the build ended before. */
  step: { pending: ['running', 'complete'], running: ['complete'], complete: [] },
  /** `complete`. */
  log: { open: ['complete'], complete: [] },
} as const

export type StateTables = typeof stateTables
export type Thing = keyof StateTables
export type State<T extends Thing> = Extract<keyof StateTables[T], string>

export function mayMove<T extends Thing>(thing: T, from: State<T>, to: State<T>): boolean {
  const table: { readonly [state: string]: readonly string[] } = stateTables[thing]
  return table[from]?.includes(to) ?? false
}
