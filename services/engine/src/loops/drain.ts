import { isUnavailable, transaction, type Database, type Fence } from '@yardmaster/db'
import { requestDrain, sealDrain, STOPPING } from '@yardmaster/db/verbs/request-drain'
import type { Replica } from '@yardmaster/replica'
import { ReplicaBuried, type Clock, type Lifecycle, type Logger } from '@yardmaster/runtime'
import type { BuildRuns } from '../build/build-runs.js'
import type { WorkerPool } from '../workers/worker-pool.js'
import type { WorkerSession } from '../workers/worker-session.js'

export type DrainDeps = {
  db: Database
  fence: Fence
  clock: Clock
  logger: Logger
  lifecycle: Pick<Lifecycle, 'stop' | 'orphaned'>
  pool: WorkerPool
  runs: BuildRuns
  /** Of a process that is told to stop, in seconds; undefined: as long as it takes. */
  deadlineSeconds: number | undefined
}

/** What the row says: null, it does not drain. */
type Asked = { actor: string; msLeft: number }

const TICK_MS = 100
/** Of the idle workers at a time, at least one: all are gone in about two seconds, and do not reach the next engine in one moment. */
const IDLE_SHARE = 20
/** While the database is away nothing can be handed over or finished. */
const MOST_AWAY_MS = 30_000
const WHY = 'this engine drains'

/**
 * An engine that goes lets its workers go first. Those that resume (our own) take their builds along to the next engine; builds on
 * others (stock workers) are finished here, until the deadline. Asked for by a row (REST, command line), or by the end of the process.
 */
export class Drain {
  readonly #deps: DrainDeps
  #asked: Asked | null = null
  #stopping = false

  constructor(deps: DrainDeps) {
    this.#deps = deps
  }

  /** Nothing is claimed, nobody taken in, and the engine is not ready. */
  get active(): boolean {
    return this.#stopping || this.#asked !== null
  }

  /** A run of the loop: looks whether a drain is asked for, and takes it one step on. `again` with a pause while it lasts. */
  async run(): Promise<{ nextInMs: number | null }> {
    if (this.#stopping) return { nextInMs: null }
    await this.#look()
    const asked = this.#asked
    if (!asked) return { nextInMs: null }
    await this.#step(asked.msLeft)
    if (!this.#empty) return { nextInMs: TICK_MS }
    const { db, fence, lifecycle } = this.#deps
    if (await transaction(db, fence, tx => sealDrain(tx, { replicaId: fence.replicaId }))) lifecycle.stop(`drained, as ${asked.actor} asked`)
    return { nextInMs: null }
  }

  /** The process is told to stop: resolves when nothing is left, or what is left cannot be helped. */
  async finish(): Promise<void> {
    const { clock, logger, lifecycle, deadlineSeconds } = this.#deps
    this.#stopping = true
    const began = clock.monotonic()
    const ownDeadline = deadlineSeconds === undefined ? Infinity : began + deadlineSeconds * 1000
    let told = false
    let reachedAt = began
    while (!this.#empty) {
      try {
        if (!told) told = await this.#tell()
        await this.#look()
        await this.#step(lifecycle.orphaned ? 0 : Math.min(this.#asked?.msLeft ?? Infinity, ownDeadline - clock.monotonic()))
        reachedAt = clock.monotonic()
      } catch (error) {
        if (error instanceof ReplicaBuried) throw error
        logger.warn({ err: error }, 'the drain could not go on')
        // Without a row they take their builds along all the same: a worker's own process wins wherever it connects.
        if (isUnavailable(error)) for (const session of this.#deps.pool.sessions().filter(resumes)) this.#deps.pool.drop(session)
        if (clock.monotonic() - reachedAt > MOST_AWAY_MS) throw error
      }
      if (!this.#empty) await clock.sleep(TICK_MS)
    }
  }

  get #empty(): boolean {
    return this.#deps.pool.quiet
  }

  async #tell(): Promise<boolean> {
    const { db, fence, deadlineSeconds } = this.#deps
    return transaction(db, fence, tx => requestDrain(tx, { replicaId: fence.replicaId, actor: STOPPING, deadlineSeconds: deadlineSeconds ?? null }))
  }

  async #look(): Promise<void> {
    const { db, fence, logger, runs } = this.#deps
    const { rows } = await db.pool.query<{ actor: string; msLeft: number | null }>(
      `SELECT drain_actor AS actor, (extract(epoch FROM drain_deadline - now()) * 1000)::float8 AS "msLeft"
       FROM replicas WHERE id = $1 AND drain_requested_at IS NOT NULL`, [fence.replicaId])
    const row = rows[0]
    const before = this.#asked
    this.#asked = row ? { actor: row.actor, msLeft: row.msLeft ?? Infinity } : null
    if (this.#asked && !before) logger.info({ actor: this.#asked.actor, secondsLeft: row?.msLeft == null ? 'as long as it takes' : Math.round(row.msLeft / 1000) }, 'draining: workers are let go')
    if (this.#asked || !before) return
    runs.stay()
    logger.info('the drain was cancelled: working on')
  }

  async #step(msLeft: number): Promise<void> {
    const { pool, runs } = this.#deps
    // One that is being taken in has its answer first.
    const sessions = pool.sessions().filter(session => session.opening === null)
    const building = sessions.filter(session => runs.of(session).length > 0)
    if (msLeft <= 0) await this.#giveBack(building.filter(session => !resumes(session)))
    const takeBuildsAlong = building.filter(session => resumes(session) && runs.mayLeave(session))
    // What they have written so far need not be done again elsewhere.
    await Promise.all(takeBuildsAlong.map(session => runs.abandon(session)))
    await this.#letGo(takeBuildsAlong)
    const idle = sessions.filter(session => runs.of(session).length === 0 && !takeBuildsAlong.includes(session))
    await this.#letGo(idle.slice(0, Math.max(1, Math.ceil(sessions.length / IDLE_SHARE))))
  }

  async #giveBack(sessions: WorkerSession[]): Promise<void> {
    const { runs, logger } = this.#deps
    for (const session of sessions) {
      logger.warn({ worker: session.name, builds: runs.of(session).map(run => run.data.ref.id) }, 'the deadline of the drain has passed: builds go back')
      await runs.giveBack(session, 'the engine was drained, and its deadline has passed')
    }
  }

  /** A build of which only its row knows (the answer to its claim was lost) goes along; or, where it cannot, its worker stays until it is found and finished. */
  async #letGo(sessions: WorkerSession[]): Promise<void> {
    const { pool } = this.#deps
    const [own, stock] = [sessions.filter(resumes), sessions.filter(session => !resumes(session))]
    if (own.length > 0) await pool.letGo(own, WHY, { onlyIdle: false })
    if (stock.length > 0) await pool.letGo(stock, WHY, { onlyIdle: true })
  }
}

/** Obeys the row from now on. `finish` is left to the caller, who knows what must be there until then. */
export function startDrain(replica: Replica, { pool, runs }: Pick<DrainDeps, 'pool' | 'runs'>): Drain {
  const { db, fence, clock, logger, lifecycle, settings, bus } = replica
  const drain = new Drain({ db, fence, clock, logger, lifecycle, pool, runs, deadlineSeconds: settings.drainDeadline })
  const loop = replica.loop({ name: 'drain', everyMs: 5_000, run: async () => {
    const { nextInMs } = await drain.run()
    loop.setAlarm(nextInMs === null ? null : clock.now() + nextInMs)
  } })
  bus.onWake('controls', () => loop.notify())
  replica.addReadinessCheck('not draining', () => !drain.active)
  return drain
}

/** Whether its commands go on at another engine. */
function resumes(session: WorkerSession): boolean {
  return session.resumes
}
