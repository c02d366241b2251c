import type { LockAccess } from '../configuration.js'
import { LockBoard, lockUses, type LockClaim } from '../locks.js'
import { canStart, type BuilderView, type WorkerView } from '../worker-matching.js'

/** A request that could start but for a worker. */
export type Waiting = {
  id: number
  builder: BuilderView
  /** What it would have of pools whose options depend on the build, by the pool's id; null: its options could not be rendered. What is not in it is not known. */
  machines: ReadonlyMap<number, string | null>
  /** Takers that it was not given to though they were free, by `takerKey`. */
  refused: ReadonlySet<string>
  /** What its build needs of the worker that it is on, from its begin to its end. */
  workerLocks: readonly LockAccess[]
}

/** Something that takes builds: a worker as it is, or a slot as it will be. */
export type Taker = {
  /** Of the worker. */
  id: number
  view: WorkerView
  /** Who has, or waits for, its locks. */
  locks: readonly LockClaim[]
  /** Whose machine; null: it connects by itself. */
  pool: number | null
  /** There is no machine yet: it will be made for what it is given. */
  open: boolean
  /** null: it suits every build. Of an open one it does not count. */
  fingerprint: string | null
  /** The options of an open one depend on the build that it is made for. */
  tailored: boolean
  /** Builds that it may still be given; null: no limit. */
  usesLeft: number | null
}

/** A worker for itself; machines of a pool, which are alike, together. */
export const takerKey = ({ pool, view }: Pick<Taker, 'pool' | 'view'>): string => (pool === null ? `worker ${view.name}` : `pool ${pool}`)

/** Which takers will take which requests. */
export class SlotMatching {
  readonly #takers: readonly Taker[]
  readonly #given = new Map<Taker, Waiting[]>()
  readonly #byBuilder = new Map<string, Takers>()
  /** Alike requests that found no place: no place becomes free while others are placed. */
  readonly #hopeless = new Set<string>()
  /** Takers of which a search that failed has tried all that they were given: no later one finds a place through them. By whether slots without a machine counted. */
  readonly #closed = { there: new Set<Taker>(), open: new Set<Taker>() }

  /** In the order in which they are preferred. */
  constructor(takers: readonly Taker[]) {
    this.#takers = takers
  }

  given(taker: Taker): readonly Waiting[] {
    return this.#given.get(taker) ?? []
  }

  /**
   * Finds a place for the request, if need be by moving others, none of which loses its place. So whatever came before it stays placed, and as many
   * are placed as can be when all builds take alike. `open`: also in slots without a machine.
   */
  place(request: Waiting, open: boolean): boolean {
    const locks = request.workerLocks.map(({ name, mode, count }) => `${name} ${mode} ${count}`).join()
    const kind = `${open}/${request.builder.key}/${[...request.machines].map(([pool, fingerprint]) => `${pool}=${fingerprint}`).sort().join()}/${[...request.refused].sort().join()}/${locks}`
    if (this.#hopeless.has(kind)) return false
    const closed = open ? this.#closed.open : this.#closed.there
    const search: Search = { open, seen: new Set(), closed, whole: true }
    if (this.#find(request, search)) return true
    this.#hopeless.add(kind)
    if (search.whole) for (const taker of search.seen) closed.add(taker)
    return false
  }

  #find(request: Waiting, search: Search): boolean {
    const { open, seen } = search
    const takers = this.#of(request.builder)
    // Where there is or will be a machine before a new one.
    const first = this.#free(takers.there, request, seen) ?? (open ? this.#free(takers.open, request, seen, true) ?? this.#free(takers.open, request, seen) : undefined)
    if (first) return this.#give(first, [...this.given(first), request])
    return this.#moveAmong(takers.there, request, search) || (open && this.#moveAmong(takers.open, request, search))
  }

  /** Puts the request in the place of another that can be elsewhere. */
  #moveAmong(takers: readonly Taker[], request: Waiting, search: Search): boolean {
    for (const taker of takers) {
      if (search.seen.has(taker) || search.closed.has(taker) || !this.#admits(taker, request, [])) continue
      search.seen.add(taker)
      const before = this.given(taker)
      for (const moved of before) {
        const others = before.filter(other => other !== moved)
        if (!this.#admits(taker, request, others)) {
          search.whole = false
          continue
        }
        this.#give(taker, [...others, request])
        if (this.#find(moved, search)) return true
        this.#give(taker, before)
      }
    }
    return false
  }

  /** `begun`: only one that is given something already. */
  #free(takers: readonly Taker[], request: Waiting, seen: ReadonlySet<Taker>, begun = false): Taker | undefined {
    return takers.find(taker => {
      const given = this.given(taker)
      return !(begun && given.length === 0) && !seen.has(taker) && this.#admits(taker, request, given)
    })
  }

  #give(taker: Taker, requests: readonly Waiting[]): true {
    this.#given.set(taker, [...requests])
    return true
  }

  /** Those that the builder's builds could be on, if they had nothing else: the preferred first. */
  #of(builder: BuilderView): Takers {
    let found = this.#byBuilder.get(builder.key)
    if (!found) {
      const place = new Map(builder.workers.map((name, index) => [name, index]))
      const placeOf = ({ view, pool }: Taker) => (pool === null ? -1 : place.get(view.name) ?? builder.workers.length)
      const able = this.#takers.filter(({ view }) => canStart(view, builder)).sort((a, b) => placeOf(a) - placeOf(b))
      found = { there: able.filter(taker => !taker.open), open: able.filter(taker => taker.open) }
      this.#byBuilder.set(builder.key, found)
    }
    return found
  }

  /** Besides what `canStart` says of it alone. */
  #admits(taker: Taker, request: Waiting, others: readonly Waiting[]): boolean {
    const { view: { maxBuilds, capacity, building }, usesLeft } = taker
    if (others.length >= (usesLeft ?? Infinity) || building.length + others.length >= (maxBuilds ?? Infinity)) return false
    if (others.some(({ builder }) => builder.key === request.builder.key) || (request.refused.size > 0 && request.refused.has(takerKey(taker)))) return false
    if (capacity !== null && sumOfUnits(building) + sumOfUnits(others.map(({ builder }) => builder)) + request.builder.units > capacity) return false
    return suits(taker, request, others) && hasLocks(taker, request, others)
  }
}

type Takers = { there: Taker[]; open: Taker[] }

/** `whole`: of each taker that was seen all was tried. */
type Search = { open: boolean; seen: Set<Taker>; closed: ReadonlySet<Taker>; whole: boolean }

const sumOfUnits = (all: readonly { units: number }[]) => all.reduce((sum, { units }) => sum + units, 0)

function suits({ pool, open, fingerprint, tailored }: Taker, request: Waiting, others: readonly Waiting[]): boolean {
  if (pool === null) return true
  const own = request.machines.get(pool)
  if (!open) return fingerprint === null || fingerprint === own
  if (!tailored) return true
  return own != null && others.every(other => other.machines.get(pool) === own)
}

/** Whether the worker's own locks let the build begin beside these. */
function hasLocks({ id, locks, view: { name } }: Taker, { workerLocks }: Waiting, others: readonly Waiting[]): boolean {
  if (workerLocks.length === 0) return true
  const board = new LockBoard(locks, new Map())
  for (const other of others) board.hold(lockUses(other.workerLocks, { id, name }), { build: -other.id, step: null })
  return board.inTheWay(lockUses(workerLocks, { id, name })).length === 0
}
