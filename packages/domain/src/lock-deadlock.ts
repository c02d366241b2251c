import type { LockBoard, LockClaim, LockUse } from './locks.js'

/** A build that goes on only when builds or requests that it triggered have ended. A request says what its build will hold on each worker that it could get, as far as that is known. */
export type ParentWait = { build: number; children: ({ build: number } | { request: number; uses: LockUse[][] })[] }

/** `build` waits for a lock that `of` holds, or (`key` null) for its child `of`; or for a `request` that needs the lock. */
export type Wait = { build: number; key: string | null; of: number; request?: number }

/**
 * Circles of builds of which none can go on whatever the others do: what is left when everybody who can end is thought away, until nobody can.
 * A lock that several hold is free again when enough of them end, so following one holder each would find circles that dissolve by themselves.
 */
export function deadlocks(board: LockBoard, parents: readonly ParentWait[] = []): Wait[][] {
  const parentOf = new Map(parents.map(parent => [parent.build, parent]))
  const stuck = new Set([...board.waiters.map(({ build }) => build), ...parentOf.keys()])
  const first = (build: number): Wait | null => firstWait(board, { build, parent: parentOf.get(build) }, stuck)
  for (let before = -1; before !== stuck.size;) {
    before = stuck.size
    for (const build of stuck) if (first(build) === null) stuck.delete(build)
  }
  return circles([...stuck].sort((a, b) => a - b), build => first(build)!)
}

function firstWait(board: LockBoard, { build, parent }: { build: number; parent: ParentWait | undefined }, stuck: ReadonlySet<number>): Wait | null {
  const counts = (other: number) => stuck.has(other)
  const blocked = (claim: LockClaim): Wait[] => board.holdersInTheWay(claim, counts).slice(0, 1).map(holder => ({ build, key: claim.key, of: holder.build }))
  const own = board.waiters.filter(waiter => waiter.build === build).flatMap(({ claims }) => claims.flatMap(blocked))
  const below = (parent?.children ?? []).flatMap((child): Wait[] => {
    if ('build' in child) return stuck.has(child.build) ? [{ build, key: null, of: child.build }] : []
    // The child is its own: what its parent holds is in its way.
    const waits = child.uses.map(onWorker => onWorker.flatMap(use => (
      board.holdersInTheWay({ ...use, id: 0, build: -child.request, step: null, held: false }, counts).slice(0, 1).map(holder => ({ build, key: use.key, of: holder.build, request: child.request })))))
    return waits.every(found => found.length > 0) ? waits[0] ?? [] : []
  })
  return [...own, ...below][0] ?? null
}

function circles(builds: number[], next: (build: number) => Wait): Wait[][] {
  const found: Wait[][] = []
  const seen = new Set<number>()
  for (const start of builds) {
    const path: Wait[] = []
    for (let at = start; !seen.has(at); at = path.at(-1)!.of) {
      seen.add(at)
      path.push(next(at))
    }
    const last = path.at(-1)
    const from = last ? path.findIndex(wait => wait.build === last.of) : -1
    if (from >= 0) found.push(path.slice(from))
  }
  return found
}
