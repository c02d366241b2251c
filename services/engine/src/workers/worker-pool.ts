import { transaction, type Database, type Fence } from '@yardmaster/db'
import { clearOrphans } from '@yardmaster/db/verbs/clear-orphans'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { loseSession } from '@yardmaster/db/verbs/lose-session'
import { openSession, UnwantedMachine, type OpenedSession } from '@yardmaster/db/verbs/open-session'
import { releaseSessions } from '@yardmaster/db/verbs/release-sessions'
import type { Clock, Logger } from '@yardmaster/runtime'
import { CLOSE_GO_ELSEWHERE, CLOSE_TRY_AGAIN, type Leaving, type Status } from '@yardmaster/worker-protocol'
import type { Guest } from '../wire/admission.js'
import { NotTakenIn, type Newcomer } from '../wire/newcomer.js'
import type { AfterHello, WorkerConnection } from '../wire/worker-door.js'
import { BUSY_PING_MS } from '../wire/silence-watch.js'
import type { Link } from '../wire/worker-link.js'
import { Contests } from './contests.js'
import { Turnstile } from './turnstile.js'
import { WorkerSession } from './worker-session.js'

export type WorkerPoolOptions = {
  db: Database
  fence: Fence
  installation: string
  clock: Clock
  logger: Logger
  /** False while this engine ends, or cannot reach the database. */
  takesWorkers(): boolean
  /** Builds of the worker that are ours now and may not be driven yet. Resolves when each of them is. */
  onBuilds(session: WorkerSession, buildIds: number[]): Promise<void>
  /** Its builds are not ours any more. Resolves when nothing that was written of them waits for its commit. */
  onOver(session: WorkerSession): Promise<void>
  /** A command id of a build that this engine drives. */
  isOurs(commandId: string): boolean
  /** How often an idle worker is pinged. */
  keepaliveMs(name: string): number
  /** What a worker says of itself while it is connected. */
  onTold(session: WorkerSession, message: Status | Leaving): void
  /** Somebody wants the place of a worker that may be connected here. */
  onContest(): void
  /** There may be something to claim for. */
  onIdle(): void
}

/** Each begins with the same row, this replica's: more at a time would only hold connections, and thousands may come at once. */
const AT_ONCE = 3
/** How long those that are in may wait for their first build while others come in. */
const LONGEST_UNTOLD_MS = 500

/** Another process has the worker's session. */
class SessionTaken extends Error {
  override readonly name = 'SessionTaken'
  constructor(name: string, readonly workerId: number) {
    super(`another process of worker ${name} is connected`)
  }
}

type Arrival = Guest & { workerId: number; newcomer: Newcomer; link: Link }

const LASTING = new Set(['cores', 'memoryBytes', 'platform', 'arch', 'hostname', 'basedir'])

/** The workers that this engine holds: connected ones, and those it still waits for. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #sessions = new Map<number, WorkerSession>()
  /** Two connections of one worker are taken in one after the other. */
  readonly #opening = new Map<string, Promise<unknown>>()
  /** Connections whose session is being opened. */
  readonly #arriving = new Set<Link>()
  readonly #contests: Contests
  readonly #turnstile: Turnstile
  #toldIdleAt = -Infinity

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#turnstile = new Turnstile(options.clock, AT_ONCE)
    this.#contests = new Contests(options, this.#turnstile)
  }

  sessions(): WorkerSession[] {
    return [...this.#sessions.values()]
  }

  /** No worker is held, and none is being taken in. */
  get quiet(): boolean {
    return this.#sessions.size === 0 && this.#opening.size === 0
  }

  /** A worker has told of itself: opens its session, takes over its builds, and answers with its connection. */
  async takeIn(guest: Guest, newcomer: Newcomer, link: Link): Promise<WorkerConnection> {
    try {
      return await this.#openInTurn(guest, newcomer, link)
    } catch (error) {
      if (!(error instanceof SessionTaken)) throw error
      await this.#contests.win({ workerId: error.workerId, name: guest.name, processId: newcomer.process })
      return this.#openInTurn(guest, newcomer, link)
    }
  }

  /** Finds out whether the workers whose place others want are still there. */
  answerContests(): Promise<void> {
    return this.#contests.answer(this.sessions())
  }

  async #openInTurn(guest: Guest, newcomer: Newcomer, link: Link): Promise<WorkerConnection> {
    const { name } = guest
    const before = this.#opening.get(name)
    const opening = (async () => {
      await before?.catch(() => {})
      return this.#open(guest, newcomer, link)
    })()
    this.#opening.set(name, opening)
    this.#arriving.add(link)
    try {
      return await opening
    } finally {
      this.#arriving.delete(link)
      if (this.#opening.get(name) === opening) this.#opening.delete(name)
      this.#tellIdle()
    }
  }

  /**
   * Sends the workers away that can go on elsewhere: this engine cannot drive their builds now. A stock worker stays, as its build would be
   * lost with its connection. The sessions stay too: a worker that finds nobody else comes back.
   */
  sendAway(why: string): void {
    const connected = this.sessions().filter(session => session.link?.protocol === 'yardmaster')
    const links = [...connected.map(session => session.link!), ...this.#arriving].filter(link => link.protocol === 'yardmaster')
    if (links.length > 0) this.#options.logger.warn({ workers: links.length, why }, 'workers are sent away')
    // Detached at once: their end cannot be written now. Holding the sessions against the rows does it later.
    for (const session of connected) session.link = null
    for (const link of links) link.close(CLOSE_TRY_AGAIN, why)
  }

  /** Gives the session up: somebody else speaks for the worker's builds. */
  drop(session: WorkerSession, why = 'another engine has this worker'): void {
    this.#forget(session, 1001, why)
  }

  /** Workers are to go to another engine, with their builds: their rows first, then their connections. `onlyIdle`: not those that have a build. */
  async letGo(sessions: WorkerSession[], why: string, { onlyIdle }: { onlyIdle: boolean }): Promise<void> {
    const { db, fence } = this.#options
    const released = await transaction(db, fence, tx => releaseSessions(tx, { replicaId: fence.replicaId, sessions, onlyIdle }))
    for (const session of sessions) if (released.includes(session.workerId)) this.#forget(session, CLOSE_GO_ELSEWHERE, why)
  }

  #forget(session: WorkerSession, code: number, why: string): void {
    if (this.#sessions.get(session.workerId) !== session) return
    this.#sessions.delete(session.workerId)
    const { link } = session
    session.link = null
    link?.close(code, why)
    session.loseCommands(why, 'given up')
    void this.#options.onOver(session)
  }

  async #open(guest: Guest, newcomer: Newcomer, link: Link): Promise<WorkerConnection> {
    const { name } = guest
    const { logger, installation } = this.#options
    // A worker of ours gives up what says nothing.
    const onWaiting = () => { if (link.protocol === 'yardmaster') link.send({ type: 'ping', n: 0 }) }
    const { session, builds, orphans } = await this.#turnstile.pass(async () => {
      this.#checkWanted(link)
      return this.#openSession({ ...guest, workerId: await this.#idOf(name), newcomer, link })
    }, onWaiting)
    try {
      // Detached first: the end of the old connection is not the end of the session.
      const old = session.link
      session.link = null
      old?.drop('the worker has connected again')
      if (orphans.length > 0) await this.#endOrphans(session, link, orphans)
      await this.#options.onBuilds(session, builds)
      const keepaliveMs = this.#options.keepaliveMs(name)
      link.send({ type: 'welcome', installation, session: session.number, keepaliveMs, busyMs: BUSY_PING_MS })
      link.watch({ idleMs: keepaliveMs, busy: () => session.busy })
      session.attach(link, newcomer.held, id => this.#options.isOurs(id))
    } catch (error) {
      // Holding the sessions against the rows does it for the others.
      if (!session.resumes) await this.disconnected(session)
      throw error
    } finally {
      session.opening = null
    }
    logger.info({ worker: name, session: session.number, builds: builds.length, held: newcomer.held.length }, 'worker connected')
    return this.#connection(session, link)
  }

  /** Whoever waited may be elsewhere by now, and would be taken away from there; and nobody is taken in by an engine that ends. */
  #checkWanted(link: Link): void {
    if (link.closed) throw new NotTakenIn('its connection has ended before it was its turn')
    if (!this.#options.takesWorkers()) throw new NotTakenIn('this engine takes nobody any more')
  }

  /** A claim looks at every worker: while thousands come, not for each of them; but at last when all have come, or failed to. */
  #tellIdle(): void {
    const sinceMs = this.#options.clock.monotonic() - this.#toldIdleAt
    if (this.#turnstile.waiting > 0 && sinceMs < LONGEST_UNTOLD_MS) return
    this.#toldIdleAt = this.#options.clock.monotonic()
    this.#options.onIdle()
  }

  async #idOf(name: string): Promise<number> {
    const { rows } = await this.#options.db.pool.query<{ id: number }>('SELECT id FROM workers WHERE name = $1 AND active', [name])
    if (!rows[0]) throw new Error(`worker ${name} is in the configuration, but not in the database yet`)
    return rows[0].id
  }

  /** Nothing may be started on the worker while something of an earlier build runs there. */
  async #endOrphans(session: WorkerSession, link: Link, orphans: string[]): Promise<void> {
    const { db, fence, logger } = this.#options
    logger.info({ worker: session.name, orphans }, 'ending what may still run of builds that are over')
    await link.endOrphans(orphans)
    await transaction(db, fence, tx => clearOrphans(tx, { workerId: session.workerId, number: session.number, commands: orphans }))
  }

  /** The same hold goes on if nobody else had the worker between; else what is known here of its builds is void. */
  async #openSession(worker: Arrival): Promise<{ session: WorkerSession; builds: number[]; orphans: string[] }> {
    const { db, fence } = this.#options
    const { workerId, name, instanceId, newcomer, link } = worker
    const known = this.#sessions.get(workerId)
    if (known) known.opening = known.number + 1
    try {
      const opened = await transaction(db, fence, tx => {
        // This engine's row is locked by now, which may have been waited for.
        this.#checkWanted(link)
        return openSession(tx, { workerId, replicaId: fence.replicaId, processId: newcomer.process, protocol: link.protocol, info: { ...newcomer.info, version: newcomer.version }, labels: newcomer.labels ?? {}, once: newcomer.once === true, instanceId })
      })
      if (!opened) throw new SessionTaken(name, workerId)
      if (!known?.resumes || link.protocol !== 'yardmaster' || known.processId !== newcomer.process || known.instanceId !== opened.instanceId || known.opening !== opened.number) return { ...opened, session: this.#newSession(worker, opened) }
      known.number = opened.number
      return { ...opened, session: known }
    } catch (error) {
      if (known) known.opening = null
      if (error instanceof UnwantedMachine) throw new NotTakenIn(error.message)
      throw error
    }
  }

  #newSession({ workerId, name, newcomer, link }: Arrival, opened: OpenedSession): WorkerSession {
    const known = this.#sessions.get(workerId)
    if (known) {
      // It speaks for nothing more: the number that it was to have is another's.
      known.opening = null
      this.drop(known, 'another connection has this worker')
    }
    // What stays as it is while the worker runs: a replayed build must find it again.
    const { info: { basedir }, version } = newcomer
    const info = Object.fromEntries(Object.entries(newcomer.info).filter(([key]) => LASTING.has(key)))
    const session = new WorkerSession({
      workerId, name, number: opened.number, processId: newcomer.process, instanceId: opened.instanceId, once: newcomer.once === true, basedir,
      resumes: link.protocol === 'yardmaster', can: link.protocol === 'yardmaster' ? newcomer.can ?? [] : ['upload'], info: { ...info, version },
    })
    this.#sessions.set(workerId, session)
    return session
  }

  #connection(session: WorkerSession, link: Link): WorkerConnection {
    return {
      onMessage: message => this.#receive(session, link, message),
      onClose: () => {
        if (session.link !== link) return
        session.detach(link)
        this.#close(session)
      },
    }
  }

  #receive(session: WorkerSession, link: Link, message: AfterHello): void {
    // What an earlier connection still has to say comes again over the next one.
    if (session.link !== link) return
    if ((message.type === 'output' || message.type === 'ended') && !session.receive(message)) return link.drop(`a message of ${message.command} is missing before ${message.seq}`)
    if (message.type === 'goodbye') session.loseCommands(`the worker was shut down: ${message.why}`, 'goodbye')
    if (message.type === 'status' || message.type === 'leaving') this.#options.onTold(session, message)
  }

  #close(session: WorkerSession): void {
    const { logger } = this.#options
    logger.info({ worker: session.name }, 'worker disconnected')
    this.disconnected(session).catch((error: unknown) => {
      // Holding the sessions against the rows finds it out again.
      logger.warn({ err: error, worker: session.name }, 'the end of a worker session could not be written')
    })
  }

  /** Writes that the worker is not connected any more. The builds of one that cannot resume are over with that, once what it had said of them is written. */
  async disconnected(session: WorkerSession): Promise<void> {
    const { db, fence } = this.#options
    // The number of now: by the time it is written the worker may be back, with the next one.
    const { workerId, number } = session
    if (session.resumes) {
      return this.#turnstile.pass(async () => {
        // Thousands may wait here: what has moved on meanwhile needs no transaction.
        if (session.number === number && this.#sessions.get(workerId) === session) await transaction(db, fence, tx => closeSession(tx, { workerId, number }))
      })
    }
    await this.#options.onOver(session)
    // An engine that ends hangs up itself, and a worker that was told to go does.
    const blamed = this.#options.takesWorkers() && !session.toldToGo
    await transaction(db, fence, tx => loseSession(tx, { workerId, number, blamed }))
    if (session.number === number) this.drop(session)
  }
}
