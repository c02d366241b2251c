/**
 * Every state of the rows that move, and where each may go. A verb that changes a state names both ends in its statement;
 * the tables say which pairs exist. Intent and observation are columns of their own (draining, cancel asked for, connected)
 * and no states.
 */
export const stateTables = {
  /** alive: holds its lease. stopped: went by itself. buried: others saw its beat stand still. Back only as a new epoch. */
  replica: { alive: ['stopped', 'buried'], stopped: ['alive'], buried: ['alive'] },
  /** Owner of a worker's running builds. superseded: a higher number took over. lost: its engine was buried or the worker is gone. */
  session: { open: ['closed', 'superseded', 'lost'], closed: [], superseded: [], lost: [] },
  /** new: accepted, no scheduler has been asked. dispatched: all have, and what they said is written. */
  change: { new: ['dispatched'], dispatched: [] },
  /** pending: claimable. claimed: a build of it is under way. complete: has its result, for ever. */
  buildrequest: { pending: ['claimed', 'complete'], claimed: ['pending', 'complete'], complete: [] },
  /** incomplete: some request is not complete (`remaining` > 0). */
  buildset: { incomplete: ['complete'], complete: [] },
  /** preparing: claimed and numbered, nothing sent to a worker. running: the first step may have been sent. */
  build: { preparing: ['running', 'finished'], running: ['finished'], finished: [] },
  /** pending to finished: skipped, or never reached. */
  step: { pending: ['running', 'finished'], running: ['finished'], finished: [] },
  /** sealed: compressed into segments. */
  log: { open: ['complete'], complete: ['sealed'], sealed: [] },
} as const

export type StateTables = typeof stateTables
export type Thing = keyof StateTables
export type State<T extends Thing> = Extract<keyof StateTables[T], string>

export function mayMove<T extends Thing>(thing: T, from: State<T>, to: State<T>): boolean {
  const table: { readonly [state: string]: readonly string[] } = stateTables[thing]
  return table[from]?.includes(to) ?? false
}

/** Throws when the table has no such move: a mistake in the calling code, never a lost race. */
export function assertTransition<T extends Thing>(thing: T, from: State<T>, to: State<T>): void {
  if (mayMove(thing, from, to)) return
  const table: { readonly [state: string]: readonly string[] } = stateTables[thing]
  throw new Error(`a ${thing} cannot go from '${from}' to '${to}': from '${from}' it may go to ${table[from]?.join(', ') || 'nothing'}`)
}
