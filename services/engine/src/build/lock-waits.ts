import { transaction, type Database, type Fence } from '@yardmaster/db'
import { boardOf, lockText, readLocks, type LockClaimRow } from '@yardmaster/db/verbs/read-locks'
import { takeLocks, type LockAsk } from '@yardmaster/db/verbs/take-locks'
import { deadlocks, type Wait } from '@yardmaster/domain'
import type { Logger } from '@yardmaster/runtime'

/** Builds wait for each other in a circle; this one is given up, because trying again would end the same way. */
export class LockDeadlock extends Error {
  override readonly name = 'LockDeadlock'
}

/** A step that wants to begin. */
export type LockRequest = { ask: LockAsk; signal: AbortSignal; /** What it waits for, whenever that changes. */ tell: (waitsFor: string) => void }

type Waiter = LockRequest & { asked: boolean; asking: boolean; told: string | null; settle: (error: Error | null) => void }

export type LockWaitsOptions = {
  db: Database
  fence: Fence
  logger: Logger
  /** There is something to `sweep`. */
  notify: () => void
}

/** The steps of this engine that wait for locks: all of them are looked after in one loop, with one query. */
export class LockWaits {
  readonly #options: LockWaitsOptions
  readonly #waiters = new Map<string, Waiter>()

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

  /** Asks for those that are new, lets in whose turn it is, tells the others what they wait for, and ends what would wait for ever. */
  async sweep(): Promise<void> {
    await this.#take([...this.#waiters.values()].filter(waiter => !waiter.asked))
    if (this.#waiters.size === 0) return
    const claims = await readLocks(this.#options.db, [])
    const { held, waiting } = boardOf(claims).letIn()
    await this.#take(held.flatMap(({ build, step }) => this.#waiters.get(`${build}/${step}`) ?? []))
    for (const { waiter: { build, step }, blockers } of waiting) this.#tell(this.#waiters.get(`${build}/${step}`), lockText(blockers, claims))
    for (const circle of deadlocks(boardOf(claims))) this.#break(circle, claims)
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
    } finally {
      for (const waiter of waiters) {
        waiter.asking = false
        if (waiter.signal.aborted) waiter.settle(reasonOf(waiter.signal))
      }
    }
  }

  #tell(waiter: Waiter | undefined, text: string): void {
    if (!waiter || waiter.told === text) return
    waiter.told = text
    waiter.tell(text)
  }

  /** The youngest build of the circle that waits for a lock ends; its engine does it. */
  #break(circle: Wait[], claims: LockClaimRow[]): void {
    const waiting = claims.filter(claim => !claim.held && circle.some(wait => wait.build === claim.build))
    const victim = Math.max(...waiting.map(({ build }) => build))
    const waiter = [...this.#waiters.values()].find(({ ask }) => ask.buildId === victim)
    if (!waiter || waiter.asking) return
    const text = `deadlock: ${circle.map(wait => waitText(wait, claims)).join(', ')}`
    this.#options.logger.warn({ build: victim, circle: circle.map(({ build }) => build) }, text)
    waiter.settle(new LockDeadlock(text))
  }
}

const keyOf = ({ buildId, step }: LockAsk) => `${buildId}/${step}`

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))
}

function waitText({ build, key, of }: Wait, claims: LockClaimRow[]): string {
  const named = (id: number) => {
    const claim = claims.find(candidate => candidate.build === id)
    return claim ? `build ${claim.builder}/${claim.number}` : `build ${id}`
  }
  return key === null ? `${named(build)} waits for its child ${named(of)}` : `${named(build)} waits for lock ${claims.find(claim => claim.key === key)?.name ?? key} held by ${named(of)}`
}
