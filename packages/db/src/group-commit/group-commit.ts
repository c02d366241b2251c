import { ReplicaBuried, type Clock, type Logger } from '@yardmaster/runtime'
import { groupBy } from '../group-by.js'
import type { Database } from '../database.js'
import { AlreadyCommitted, isContended, isPoisoned, isUnavailable, transaction, type Transaction } from '../transaction.js'
import type { Submission } from './facts.js'
import { lockBlamed, writeFacts } from './write-facts.js'

/** Somebody else holds the worker's session by now: what is known here of its builds is void. */
export class SessionLost extends Error {
  override readonly name = 'SessionLost'
}

/** These facts cannot be stored (a NUL in text, a property too large): the build that submitted them ends with the reason. */
export class FactRefused extends Error {
  override readonly name = 'FactRefused'
}

export type GroupCommitOptions = {
  db: Database
  replicaId: number
  clock: Clock
  logger: Logger
  /** This replica was buried: everything that waits is rejected, and nothing more will be written. */
  onBuried: (error: ReplicaBuried) => void
}

type Waiting = { submission: Submission; bytes: number; resolve: () => void; reject: (error: Error) => void }

/** Enough for a good batch, little enough for the next one not to wait long. */
const BATCH_BYTES = 4 * 1024 * 1024
const BATCH_SUBMISSIONS = 2_000
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 2_000

/**
 * Facts of all builds of an engine, committed together: the next batch is what gathered while the last one was committing.
 * No timer, no knob. The database away only makes the batch wait; a COMMIT whose answer was lost is found out by the batch's number.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  #queue: Waiting[] = []
  #queuedBytes = 0
  #batch = 0
  readonly #onWritten: (() => void)[] = []
  #pumping: Promise<void> | null = null
  #buried: ReplicaBuried | null = null

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** Bytes of content that wait: the place to push back on whoever produces them. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** `listener` is called whenever some of what waited does not any more, whosever it was. */
  onWritten(listener: () => void): void {
    this.#onWritten.push(listener)
  }

  /**
   * Resolves when the facts are committed. Facts of one build are committed in the order of submission.
   * Rejects with SessionLost, FactRefused or ReplicaBuried; an unreachable database is waited for.
   */
  submit(submission: Submission): Promise<void> {
    if (this.#buried) return Promise.reject(this.#buried)
    return new Promise((resolve, reject) => {
      const bytes = submission.facts.reduce((sum, fact) => sum + ('content' in fact ? fact.content.byteLength : 0), 0)
      this.#queue.push({ submission, bytes, resolve, reject })
      this.#queuedBytes += bytes
      this.#pumping ??= this.#pump()
    })
  }

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#pumping) await this.#pumping
  }

  async #pump(): Promise<void> {
    await Promise.resolve()
    try {
      while (this.#queue.length > 0 && !this.#buried) await this.#commit(this.#take(), ++this.#batch)
    } finally {
      this.#pumping = null
    }
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    while (count < this.#queue.length && count < BATCH_SUBMISSIONS && (count === 0 || bytes + this.#queue[count]!.bytes <= BATCH_BYTES)) bytes += this.#queue[count++]!.bytes
    return this.#queue.splice(0, count)
  }

  async #commit(waiting: Waiting[], batch: number): Promise<void> {
    try {
      const lost = await this.#write(waiting, batch)
      this.#settle(waiting, entry => (lost.has(entry) ? new SessionLost(`worker ${entry.submission.session.workerId}: session ${entry.submission.session.number} is over`) : null))
    } catch (error) {
      if (error instanceof ReplicaBuried) return this.#bury(waiting, error)
      await this.#divide(waiting, error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Tries until the database answers. Returns what was left out because its session is over. */
  async #write(waiting: Waiting[], batch: number): Promise<Set<Waiting>> {
    const { db, replicaId, clock, logger } = this.#options
    let lost = new Set<Waiting>()
    for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS)) {
      try {
        await transaction(db, { replicaId, batch }, async tx => {
          await lockBlamed(tx, waiting.map(entry => entry.submission))
          lost = await withoutSession(tx, replicaId, waiting)
          await writeFacts(tx, waiting.filter(entry => !lost.has(entry)).map(entry => entry.submission))
        })
        return lost
      } catch (error) {
        // `lost` is then what the attempt that went through found.
        if (error instanceof AlreadyCommitted) return lost
        if (!isUnavailable(error) && !isContended(error)) throw error
        logger.warn({ err: error, batch, facts: waiting.length }, 'facts cannot be written now; they wait')
        await clock.sleep(backoff)
      }
    }
  }

  /** One poisoned fact must not fail the others: halves by build, until the guilty build stands alone. */
  async #divide(waiting: Waiting[], error: Error): Promise<void> {
    const builds = [...groupBy(waiting, entry => entry.submission.build.id).values()]
    if (builds.length === 1) {
      if (!isPoisoned(error)) this.#options.logger.error({ err: error, build: waiting[0]!.submission.build.id }, 'facts of a build could not be written')
      return this.#settle([...waiting, ...this.#takeAll(waiting[0]!.submission.build.id)], () => new FactRefused(error.message, { cause: error }))
    }
    const half = Math.ceil(builds.length / 2)
    await this.#commit(builds.slice(0, half).flat(), ++this.#batch)
    await this.#commit(builds.slice(half).flat(), ++this.#batch)
  }

  /** What a build has submitted before it knew that something was refused: without that it must not be written either, least of all its end. */
  #takeAll(buildId: number): Waiting[] {
    const isIts = (entry: Waiting) => entry.submission.build.id === buildId
    const its = this.#queue.filter(isIts)
    this.#queue = this.#queue.filter(entry => !isIts(entry))
    return its
  }

  #bury(waiting: Waiting[], error: ReplicaBuried): void {
    this.#buried = error
    this.#settle([...waiting, ...this.#queue.splice(0)], () => error)
    this.#options.onBuried(error)
  }

  #settle(waiting: Waiting[], errorOf: (entry: Waiting) => Error | null): void {
    for (const entry of waiting) {
      this.#queuedBytes -= entry.bytes
      const error = errorOf(entry)
      if (error) entry.reject(error)
      else entry.resolve()
    }
    for (const listener of this.#onWritten) listener()
  }
}

/** What speaks for a session that is over. The current ones stay locked, so that they cannot end before the commit. */
async function withoutSession(tx: Transaction, replicaId: number, waiting: Waiting[]): Promise<Set<Waiting>> {
  const rows = await tx.query<{ worker_id: number; number: number; replica_id: number | null }>(
    'SELECT worker_id, number, replica_id FROM worker_sessions WHERE worker_id = ANY($1) ORDER BY worker_id FOR SHARE',
    [[...new Set(waiting.map(entry => entry.submission.session.workerId))]])
  const current = new Map(rows.map(row => [row.worker_id, row]))
  return new Set(waiting.filter(({ submission: { session } }) => {
    const row = current.get(session.workerId)
    return row?.replica_id !== replicaId || (row.number !== session.number && row.number !== session.opening)
  }))
}
