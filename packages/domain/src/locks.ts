import type { LockAccess } from './configuration.js'

/** How somebody would use one lock. `key`: one for the installation, or for the lock on one worker. */
export type LockUse = Pick<LockAccess, 'name' | 'mode' | 'count' | 'maxCount'> & { key: string }

/** A build (`step` null) or a step of one holds a lock or waits for it; of one lock the lower id asked first. */
export type LockClaim = Pick<LockUse, 'key' | 'mode' | 'count'> & { id: number; build: number; step: number | null; held: boolean }

/** What one step (or build) waits for: it begins when all of it can be held at once. */
export type LockWaiter = { build: number; step: number | null; claims: LockClaim[] }

/** What a build on this worker uses. */
export function lockUses(accesses: readonly LockAccess[], worker: { id: number; name: string }): LockUse[] {
  return accesses.map(({ name, scope, mode, count, maxCount, maxCountForWorker }) => scope === 'cluster'
    ? { key: `cluster:${name}`, name, mode, count, maxCount }
    : { key: `worker:${worker.id}:${name}`, name, mode, count, maxCount: (Object.hasOwn(maxCountForWorker, worker.name) ? maxCountForWorker[worker.name] : undefined) ?? maxCount })
}

/**
 * Who holds which locks and who waits for them, and who is next. Counting claims share a lock up to its `maxCount`, an exclusive one
 * has it alone. Who came later does not overtake one that the holders of the same lock keep waiting (else an exclusive waiter would starve behind counting
 * ones), unless that one waits, however indirectly, for him. A build is never in its own way. `children`: builds that a build waits for.
 */
export class LockBoard {
  readonly #holders = new Map<string, LockClaim[]>()
  readonly #queues = new Map<string, LockWaiter[]>()
  readonly #waiters: LockWaiter[]
  readonly #waitersOf = new Map<number, LockWaiter[]>()
  readonly #maxCounts: ReadonlyMap<string, number>
  readonly #children: ReadonlyMap<number, readonly number[]>

  constructor(claims: readonly LockClaim[], maxCounts: ReadonlyMap<string, number>, children: ReadonlyMap<number, readonly number[]> = new Map()) {
    this.#maxCounts = maxCounts
    this.#children = children
    for (const claim of claims) if (claim.held) push(this.#holders, claim.key, claim)
    this.#waiters = waitersOf(claims)
    for (const waiter of this.#waiters) {
      push(this.#waitersOf, waiter.build, waiter)
      for (const { key } of waiter.claims) push(this.#queues, key, waiter)
    }
  }

  get waiters(): readonly LockWaiter[] {
    return this.#waiters
  }

  /** What of these uses is in the way of a newcomer; []: it could hold them all now. `forBuild`: a build that waits for the newcomer, who does not wait behind those that wait for it. */
  inTheWay(uses: readonly LockUse[], forBuild: number | null = null): LockClaim[] {
    return uses.flatMap(use => {
      const holders = this.#conflicts(use, null, use.maxCount)
      return holders.length > 0 ? holders : this.#ahead(use.key, this.#queues.get(use.key) ?? [], forBuild)
    })
  }

  /** The uses are held from now on. */
  hold(uses: readonly LockUse[], { build, step }: { build: number; step: number | null }): void {
    for (const { key, mode, count } of uses) push(this.#holders, key, { id: 0, key, mode, count, build, step, held: true })
  }

  /** Lets in whoever can be, first come first served. What is in the way of each of the others is in the answer, in the order of their asking. */
  letIn(): { held: LockWaiter[]; waiting: { waiter: LockWaiter; blockers: LockClaim[] }[] } {
    const held: LockWaiter[] = []
    const waiting: { waiter: LockWaiter; blockers: LockClaim[] }[] = []
    for (const waiter of this.#waiters) {
      const blockers = this.#blockers(waiter)
      if (blockers.length > 0) waiting.push({ waiter, blockers })
      else held.push(waiter)
      if (blockers.length === 0) this.#grant(waiter)
    }
    return { held, waiting }
  }

  /** The holders that keep the claim waiting, of those builds that `counts` says; as `maxCount` stands now, also where more hold it already. */
  holdersInTheWay(claim: LockClaim, counts: (build: number) => boolean): LockClaim[] {
    return this.#conflicts(claim, claim.build, this.#maxCounts.get(claim.key), counts)
  }

  #grant(waiter: LockWaiter): void {
    for (const claim of waiter.claims) {
      push(this.#holders, claim.key, { ...claim, held: true })
      this.#queues.set(claim.key, this.#queues.get(claim.key)!.filter(other => other !== waiter))
    }
    this.#waitersOf.set(waiter.build, this.#waitersOf.get(waiter.build)!.filter(other => other !== waiter))
  }

  #blockers(waiter: LockWaiter): LockClaim[] {
    return waiter.claims.flatMap(claim => {
      const holders = this.holdersInTheWay(claim, () => true)
      return holders.length > 0 ? holders : this.#ahead(claim.key, before(this.#queues.get(claim.key) ?? [], waiter), waiter.build)
    })
  }

  /** The claims of those in the queue that the lock's holders keep waiting, and that do not wait for `build` themselves. */
  #ahead(key: string, queue: readonly LockWaiter[], build: number | null): LockClaim[] {
    const claims = queue.flatMap(waiter => waiter.claims.filter(claim => claim.key === key && waiter.build !== build && this.holdersInTheWay(claim, () => true).length > 0))
    return build === null ? claims : claims.filter(claim => !this.#waitsFor(claim.build, build, new Set()))
  }

  #conflicts({ key, mode, count }: Pick<LockUse, 'key' | 'mode' | 'count'>, build: number | null, maxCount = 1, counts: (build: number) => boolean = () => true): LockClaim[] {
    const holders = (this.#holders.get(key) ?? []).filter(holder => holder.build !== build && counts(holder.build))
    const alone = mode === 'exclusive' ? holders : holders.filter(holder => holder.mode === 'exclusive')
    if (alone.length > 0) return alone
    // A reload may have made the lock smaller than what somebody asked for.
    const wanted = mode === 'exclusive' ? 0 : Math.min(count, maxCount)
    return holders.reduce((sum, holder) => sum + holder.count, 0) + wanted > maxCount ? holders : []
  }

  #waitsFor(from: number, build: number, seen: Set<number>): boolean {
    if (from === build) return true
    if (seen.has(from)) return false
    seen.add(from)
    const next = (this.#waitersOf.get(from) ?? []).flatMap(waiter => waiter.claims.flatMap(claim => this.#allBefore(claim, waiter)))
    return [...next, ...this.#children.get(from) ?? []].some(other => this.#waitsFor(other, build, seen))
  }

  /** The builds that the claim waits for, or behind. */
  #allBefore(claim: LockClaim, waiter: LockWaiter): number[] {
    const holders = this.holdersInTheWay(claim, () => true)
    const queue = before(this.#queues.get(claim.key) ?? [], waiter).filter(other => other.claims.some(one => one.key === claim.key && this.holdersInTheWay(one, () => true).length > 0))
    return [...holders, ...queue].map(({ build }) => build)
  }
}

function before(queue: readonly LockWaiter[], waiter: LockWaiter): readonly LockWaiter[] {
  const at = queue.indexOf(waiter)
  return at < 0 ? queue : queue.slice(0, at)
}

/** In the order in which they asked. */
function waitersOf(claims: readonly LockClaim[]): LockWaiter[] {
  const waiters = new Map<string, LockWaiter>()
  for (const claim of claims.filter(({ held }) => !held).sort((a, b) => a.id - b.id)) {
    const key = `${claim.build}/${claim.step ?? ''}`
    const waiter = waiters.get(key) ?? { build: claim.build, step: claim.step, claims: [] }
    waiter.claims.push(claim)
    waiters.set(key, waiter)
  }
  return [...waiters.values()]
}

function push<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const items = map.get(key)
  if (items) items.push(item)
  else map.set(key, [item])
}
