import { isPoisoned, transaction, type Database, type Fence } from '@yardmaster/db'
import { boardOf, lockText, readLocks, type LockClaimRow } from '@yardmaster/db/verbs/read-locks'
import { readParentWaits, type ParentChild } from '@yardmaster/db/verbs/read-parent-waits'
import { takeLocks, type LockAsk } from '@yardmaster/db/verbs/take-locks'
import { deadlocks, lockUses, type LockAccess, type LockUse, type ParentWait, type Wait } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

/** Builds wait for each other in a circle; this one is given up, because trying again would end the same way. */
export class LockDeadlock extends Error {
  override readonly name = 'LockDeadlock'
}

/** A step that wants to begin. */
export type LockRequest = { ask: LockAsk; signal: AbortSignal; /** What it waits for, whenever that changes. */ tell: (waitsFor: string) => void }

type Waiter = LockRequest & { asked: boolean; asking: boolean; told: string | null; settle: (error: Error | null) => void }

/** A build that waits for builds which it triggered. */
export type ChildWait = { buildId: number; signal: AbortSignal; /** Why they do not begin, whenever that changes. */ tell: (text: string) => void }

type Parent = Pick<ChildWait, 'tell'> & { told: string | null; giveUp: (error: LockDeadlock) => void }

export type LockWaitsOptions = {
  db: Database
  fence: Fence
  logger: Logger
  /** There is something to `sweep`. */
  notify: () => void
  /** What the builder of this key holds while it builds, as far as the active configuration says without asking a function. */
  locksOf: (builderKey: string) => LockAccess[]
}

/** The steps of this engine that wait for locks: all of them are looked after in one loop, with one query. */
export class LockWaits {
  readonly #options: LockWaitsOptions
  readonly #waiters = new Map<string, Waiter>()
  /** Builds that wait for builds which they triggered, and how each is given up. */
  readonly #parents = new Map<number, Parent>()

  constructor(options: LockWaitsOptions) {
    this.#options = options
  }

  /**
   * Resolves when the step holds all of its locks. Rejects with the signal's reason, with nothing under way any more, or with LockDeadlock; what the
   * step has asked for stands in its rows then, to be released with its end.
   */
  acquire(request: LockRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      const key = keyOf(request.ask)
      const stop = () => { if (!waiter.asking) waiter.settle(reasonOf(request.signal)) }
      const waiter: Waiter = {
        ...request, asked: false, asking: false, told: null,
        settle: error => {
          if (this.#waiters.get(key) === waiter) this.#waiters.delete(key)
          request.signal.removeEventListener('abort', stop)
          if (error) reject(error)
          else resolve()
        },
      }
      if (request.signal.aborted) return reject(reasonOf(request.signal))
      request.signal.addEventListener('abort', stop)
      this.#waiters.set(key, waiter)
      this.#options.notify()
    })
  }

  /** `waiting` is over with the wait's signal, or with LockDeadlock when the children need what the build holds. */
  async whileWaitingForChildren<T>({ buildId, signal, tell }: ChildWait, waiting: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const given = new AbortController()
    this.#parents.set(buildId, { tell, told: null, giveUp: error => given.abort(error) })
    this.#options.notify()
    try {
      return await waiting(AbortSignal.any([signal, given.signal]))
    } finally {
      this.#parents.delete(buildId)
    }
  }

  /** Asks for those that are new, lets in whose turn it is, tells the others what they wait for, and ends what would wait for ever. */
  async sweep(): Promise<void> {
    await this.#take([...this.#waiters.values()].filter(waiter => !waiter.asked))
    if (this.#waiters.size === 0 && this.#parents.size === 0) return
    const own = this.#parents.size === 0 ? [] : await readParentWaits(this.#options.db, [...this.#parents.keys()])
    for (const [build, parent] of this.#parents) this.#tell(parent, childrenText(own.filter(child => child.parent === build && child.build === null)))
    const claims = await readLocks(this.#options.db, own.flatMap(child => this.#usesOf(child).flatMap(uses => uses.map(({ key }) => key))))
    if (claims.length === 0) return
    const children = await readParentWaits(this.#options.db, [...new Set(claims.map(({ build }) => build))])
    const { held, waiting } = boardOf(claims, children).letIn()
    await this.#take(held.flatMap(({ build, step }) => this.#waiters.get(`${build}/${step}`) ?? []))
    for (const { waiter: { build, step }, blockers } of waiting) this.#tell(this.#waiters.get(`${build}/${step}`), lockText(blockers, claims))
    for (const circle of deadlocks(boardOf(claims), this.#parentWaits(children))) this.#break(circle, claims)
  }

  async #take(waiters: Waiter[]): Promise<void> {
    if (waiters.length === 0) return
    const { db, fence } = this.#options
    for (const waiter of waiters) waiter.asking = true
    try {
      const answers = await transaction(db, fence, tx => takeLocks(tx, fence.replicaId, waiters.map(waiter => waiter.ask)))
      waiters.forEach((waiter, index) => {
        // One that is lost asks again until its run is given up: its session may only be about to be opened.
        waiter.asked = answers[index] !== 'lost'
        if (answers[index] === 'held' && !waiter.signal.aborted) waiter.settle(null)
      })
    } catch (error) {
      if (!isPoisoned(error)) throw error
      // One that cannot be stored must not keep the others waiting.
      if (waiters.length === 1) waiters[0]!.settle(error instanceof Error ? error : new Error(String(error)))
      else for (const waiter of waiters) await this.#take([waiter])
    } finally {
      for (const waiter of waiters) {
        waiter.asking = false
        if (waiter.signal.aborted) waiter.settle(reasonOf(waiter.signal))
      }
    }
  }

  #tell(waiter: Pick<Waiter, 'told' | 'tell'> | undefined, text: string | null): void {
    if (!waiter || waiter.told === text || text === null) return
    waiter.told = text
    waiter.tell(text)
  }

  /** What a request that waits would hold on each worker that could build it. */
  #usesOf({ build, builderKey, workers }: ParentChild): LockUse[][] {
    const locks = build === null ? this.#options.locksOf(builderKey) : []
    return locks.length === 0 ? [] : workers.map(worker => lockUses(locks, worker))
  }

  #parentWaits(children: ParentChild[]): ParentWait[] {
    const parents = new Map<number, ParentWait>()
    for (const child of children) {
      const parent = parents.get(child.parent) ?? { build: child.parent, children: [] }
      parent.children.push(child.build === null ? { request: child.request, uses: this.#usesOf(child) } : { build: child.build })
      parents.set(child.parent, parent)
    }
    return [...parents.values()]
  }

  /** The youngest build of the circle ends; its engine does it. */
  #break(circle: Wait[], claims: LockClaimRow[]): void {
    const victim = Math.max(...circle.map(({ build }) => build))
    const waiter = [...this.#waiters.values()].find(({ ask }) => ask.buildId === victim)
    const giveUp = waiter ? (waiter.asking ? undefined : waiter.settle) : this.#parents.get(victim)?.giveUp
    if (!giveUp) return
    const text = `deadlock: ${circle.map(wait => waitText(wait, claims)).join(', ')}`
    this.#options.logger.warn({ build: victim, circle: circle.map(({ build }) => build) }, text)
    giveUp(new LockDeadlock(text))
  }
}

const keyOf = ({ buildId, step }: LockAsk) => `${buildId}/${step}`

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))
}

/** The first of the children that do not begin. Null: nothing is known to be in their way. */
function childrenText(pending: ParentChild[]): string | null {
  const first = pending.find(child => child.starved) ?? pending.find(child => child.waitsFor !== null)
  if (!first) return null
  const why = [first.waitsFor, first.starved ? 'every worker that could build it is held by a build that waits for others' : null].filter(text => text !== null)
  return `waiting for ${first.builder} (request ${first.request}): ${why.join('; ')}`
}

function waitText({ build, key, of, request }: Wait, claims: LockClaimRow[]): string {
  const named = (id: number) => {
    const claim = claims.find(candidate => candidate.build === id)
    return claim ? `build ${claim.builder}/${claim.number}` : `build ${id}`
  }
  if (key === null) return `${named(build)} waits for its child ${named(of)}`
  const lock = `lock ${claims.find(claim => claim.key === key)?.name ?? key} held by ${named(of)}`
  return request === undefined ? `${named(build)} waits for ${lock}` : `${named(build)} waits for request ${request}, which needs ${lock}`
}
