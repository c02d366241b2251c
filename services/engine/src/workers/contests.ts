import { transaction, type Database, type Fence } from '@yardmaster/db'
import { contestSession, keepSession, type Holder } from '@yardmaster/db/verbs/contest-session'
import type { Clock, Logger } from '@yardmaster/runtime'
import type { Turnstile } from './turnstile.js'
import type { WorkerSession } from './worker-session.js'

/** Another process of the worker is connected, and lives. The message says where. */
export class DuplicateWorker extends Error {
  override readonly name = 'DuplicateWorker'
}

/** The time that a connected process has to say something. */
const ANSWER_MS = 5_000
/** With the way to the holder and back. */
const WAIT_MS = 7_000
const LOOK_MS = 200
/** Of all that wait here: as many stock workers as lost an engine may. */
const MOST_LOOKS_PER_S = 250

export type ContestsOptions = { db: Database; fence: Fence; clock: Clock; logger: Logger; /** Its holder may be this engine. */ onContest(): void }

/** Two processes with one worker's name: the first one keeps it as long as it answers, wherever each is connected. */
export class Contests {
  readonly #options: ContestsOptions
  readonly #turnstile: Turnstile
  /** Workers that somebody waits for here: one at a time. */
  readonly #waiting = new Set<number>()
  /** Sessions of ours whose process is being asked. */
  readonly #asked = new Set<WorkerSession>()
  /** Who was told off last: it comes again and again, and is not told of each time. */
  readonly #told = new Map<number, string>()

  constructor(options: ContestsOptions, turnstile: Turnstile) {
    this.#options = options
    this.#turnstile = turnstile
  }

  /** Resolves when the session may be free. Throws DuplicateWorker when its holder keeps it, or has not decided in time. */
  async win(worker: { workerId: number; name: string; processId: string }): Promise<void> {
    const { workerId, name } = worker
    if (this.#waiting.has(workerId)) throw new DuplicateWorker(`another process of ${name} is waiting for its place already`)
    this.#waiting.add(workerId)
    try {
      const { db, fence, onContest } = this.#options
      const holder = await this.#turnstile.pass(() => transaction(db, fence, tx => contestSession(tx, workerId)))
      if (holder === null) return
      onContest()
      if (await this.#kept(workerId, holder)) this.#refuse(worker, holder)
    } finally {
      this.#waiting.delete(workerId)
    }
  }

  /** Asks the processes of those of our sessions that are contested; does not wait for their answers. */
  async answer(sessions: WorkerSession[]): Promise<void> {
    const { db, fence } = this.#options
    const { rows } = await db.pool.query<{ worker_id: number; number: number }>(
      'SELECT worker_id, number FROM worker_sessions WHERE replica_id = $1 AND connected AND contested_at IS NOT NULL', [fence.replicaId])
    for (const { worker_id: workerId, number } of rows) {
      const session = sessions.find(candidate => candidate.workerId === workerId && candidate.number === number && candidate.opening === null)
      if (!session || this.#asked.has(session)) continue
      this.#asked.add(session)
      this.#ask(session, number)
        .catch((error: unknown) => this.#options.logger.warn({ err: error, worker: session.name }, 'whether a worker keeps its place could not be written; it is asked again'))
        .finally(() => this.#asked.delete(session))
    }
  }

  async #ask(session: WorkerSession, number: number): Promise<void> {
    const { db, fence } = this.#options
    const { link } = session
    // Its end is about to be written.
    if (link === null) return
    if (await link.answers(ANSWER_MS)) await transaction(db, fence, tx => keepSession(tx, { workerId: session.workerId, number }))
    else link.drop('it does not answer, and another process of this worker wants its place')
  }

  async #kept(workerId: number, { number }: Holder): Promise<boolean> {
    const { db, clock } = this.#options
    for (const deadline = clock.monotonic() + WAIT_MS; ;) {
      const { rows } = await db.pool.query<{ contested: boolean }>(
        `SELECT s.contested_at IS NOT NULL AS contested FROM worker_sessions s JOIN replicas r ON r.id = s.replica_id
         WHERE s.worker_id = $1 AND s.number = $2 AND s.connected AND r.state = 'alive'`, [workerId, number])
      if (!rows[0]) return false
      const leftMs = deadline - clock.monotonic()
      if (!rows[0].contested || leftMs <= 0) return true
      await clock.sleep(Math.min(leftMs, Math.max(LOOK_MS, this.#waiting.size * 1000 / MOST_LOOKS_PER_S)))
    }
  }

  #refuse({ workerId, name, processId }: { workerId: number; name: string; processId: string }, { host, since, engine }: Holder): never {
    const error = new DuplicateWorker(`another process of ${name} is connected from ${host ?? 'an unknown host'} since ${since.toISOString()}`)
    const level = this.#told.get(workerId) === processId ? 'debug' : 'warn'
    this.#told.set(workerId, processId)
    this.#options.logger[level]({ worker: name, engine, reason: error.message }, 'a second process of a worker was refused')
    throw error
  }
}
