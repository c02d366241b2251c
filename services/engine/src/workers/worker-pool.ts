import { transaction, type Database, type Fence } from '@yardmaster/db'
import { closeSession } from '@yardmaster/db/verbs/close-session'
import { releaseSessions } from '@yardmaster/db/verbs/release-sessions'
import { openSession, type OpenedSession } from '@yardmaster/db/verbs/open-session'
import type { Logger } from '@yardmaster/runtime'
import { CLOSE_GO_ELSEWHERE, type Hello, type Leaving, type Status } from '@yardmaster/worker-protocol'
import type { AfterHello, WorkerConnection } from '../wire/worker-door.js'
import { BUSY_PING_MS, type Link } from '../wire/worker-link.js'
import { WorkerSession } from './worker-session.js'

export type WorkerPoolOptions = {
  db: Database
  fence: Fence
  installation: string
  logger: Logger
  /** Builds of the worker that are ours now and may not be driven yet. Resolves when each of them is. */
  onBuilds(session: WorkerSession, buildIds: number[]): Promise<void>
  /** Another engine holds the worker by now: its builds are not ours any more. */
  onOver(session: WorkerSession): void
  /** A command id of a build that this engine drives. */
  isOurs(commandId: string): boolean
  /** How often an idle worker is pinged. */
  keepaliveMs(name: string): number
  /** What a worker says of itself while it is connected. */
  onTold(session: WorkerSession, message: Status | Leaving): void
  /** There may be something to claim for. */
  onIdle(): void
}

/** The workers that this engine holds: connected ones, and those it still waits for. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions
  readonly #sessions = new Map<number, WorkerSession>()
  /** Two hellos of one worker are taken in one after the other. */
  readonly #opening = new Map<string, Promise<unknown>>()

  constructor(options: WorkerPoolOptions) {
    this.#options = options
  }

  sessions(): WorkerSession[] {
    return [...this.#sessions.values()]
  }

  /** No worker is held, and none is being taken in. */
  get quiet(): boolean {
    return this.#sessions.size === 0 && this.#opening.size === 0
  }

  /** A worker has said hello: opens its session, takes over its builds, and answers with its connection. */
  async takeIn(name: string, hello: Hello, link: Link): Promise<WorkerConnection> {
    const before = this.#opening.get(name)
    const opening = (async () => {
      await before?.catch(() => {})
      return this.#open(name, hello, link)
    })()
    this.#opening.set(name, opening)
    try {
      return await opening
    } finally {
      if (this.#opening.get(name) === opening) this.#opening.delete(name)
    }
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
    this.#options.onOver(session)
  }

  async #open(name: string, hello: Hello, link: Link): Promise<WorkerConnection> {
    const { db, logger, installation } = this.#options
    const { rows } = await db.pool.query<{ id: number }>('SELECT id FROM workers WHERE name = $1 AND active', [name])
    const workerId = rows[0]?.id
    if (workerId === undefined) throw new Error(`worker ${name} is in the configuration, but not in the database yet`)
    const { session, builds } = await this.#openSession({ workerId, name, hello })
    try {
      // Detached first: the end of the old connection is not the end of the session.
      const old = session.link
      session.link = null
      old?.drop('the worker has connected again')
      await this.#options.onBuilds(session, builds)
      const keepaliveMs = this.#options.keepaliveMs(name)
      link.send({ type: 'welcome', installation, session: session.number, keepaliveMs, busyMs: BUSY_PING_MS })
      link.watch({ idleMs: keepaliveMs, busy: () => session.busy })
      session.attach(link, hello.held, id => this.#options.isOurs(id))
    } finally {
      session.opening = null
    }
    logger.info({ worker: name, session: session.number, builds: builds.length, held: hello.held.length }, 'worker connected')
    this.#options.onIdle()
    return this.#connection(session, link)
  }

  /** The same hold goes on if nobody else had the worker between; else what is known here of its builds is void. */
  async #openSession(worker: { workerId: number; name: string; hello: Hello }): Promise<{ session: WorkerSession; builds: number[] }> {
    const { db, fence } = this.#options
    const { workerId, name, hello } = worker
    const known = this.#sessions.get(workerId)
    if (known) known.opening = known.number + 1
    try {
      const opened = await transaction(db, fence, tx => openSession(tx, { workerId, replicaId: fence.replicaId, processId: hello.process, info: { ...hello.info, version: hello.version }, labels: hello.labels ?? {}, once: hello.once === true }))
      if (!opened) throw new Error(`another process of worker ${name} is connected`)
      if (!known || known.processId !== hello.process || known.opening !== opened.number) return { session: this.#newSession(worker, opened), builds: opened.builds }
      known.number = opened.number
      return { session: known, builds: opened.builds }
    } catch (error) {
      if (known) known.opening = null
      throw error
    }
  }

  #newSession({ workerId, name, hello }: { workerId: number; name: string; hello: Hello }, opened: OpenedSession): WorkerSession {
    const known = this.#sessions.get(workerId)
    if (known) this.drop(known)
    const { cores, memoryBytes, platform, arch, hostname, basedir } = hello.info
    const session = new WorkerSession({
      workerId, name, number: opened.number, processId: hello.process, once: hello.once === true, basedir,
      info: { cores, memoryBytes, platform, arch, hostname, basedir, version: hello.version },
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
    const { db, fence, logger } = this.#options
    logger.info({ worker: session.name }, 'worker disconnected')
    // The number of now: by the time it is written the worker may be back, with the next one.
    const { workerId, number } = session
    transaction(db, fence, tx => closeSession(tx, { workerId, number })).catch((error: unknown) => {
      // Holding the sessions against the rows finds it out again.
      logger.warn({ err: error, worker: session.name }, 'the end of a worker session could not be written')
    })
  }
}
