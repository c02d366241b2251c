import type { EngineMessage, Shutdown, Welcome } from '@yardmaster/worker-protocol'
import type { Clock, Logger, Random } from '@yardmaster/runtime'
import { join } from 'node:path'
import { claimBasedir } from './basedir.js'
import { inheritedEnvironment } from './command/environment.js'
import { Commands } from './commands.js'
import { Connection, type Closing } from './connection.js'
import { Engines } from './engines.js'
import { Journal } from './journal.js'
import { workerInfo, workerStatus } from './machine.js'
import { PipeStock } from './pipes.js'
import type { Settings } from './settings.js'

const STATUS_MS = 30_000
/** Between two commands of a build there is a moment without any. */
const ONCE_IDLE_MS = 3000

export type WorkerOptions = {
  settings: Settings
  version: string
  /** The worker's own environment: commands inherit it, without Yardmaster's settings. */
  environment: NodeJS.ProcessEnv
  /** Path of util-linux's script(1), or null. */
  pty: string | null
  clock: Clock
  random: Random
  logger: Logger
  /** There is nothing left to do: `shutdown` came and all is acknowledged, or `--once` is fulfilled. */
  onFinished(why: string): void
}

/** The worker program without its process: holds commands, and a connection to whichever engine answers. */
export class Worker {
  readonly #options: WorkerOptions
  readonly #process: string
  readonly #commands: Commands
  readonly #engines: Engines
  readonly #stopped = new AbortController()
  #connection: Connection | null = null
  #welcomed = false
  /** How often the engine pings while something runs; null: no other than it says. */
  #busyMs: number | null = null
  #leaving: string | null = null
  #ranSomething = false
  #cancelOnce: (() => void) | null = null
  #cancelStatus: (() => void) | null = null
  /** What has been told since it was last connected. */
  readonly #troubles = new Set<string>()

  /** Throws when the base directory cannot be used. */
  constructor(options: WorkerOptions) {
    this.#options = options
    this.#process = options.random.uuid()
    const { settings, environment, clock, logger, pty } = options
    this.#engines = new Engines(settings.engines, options.random)
    const own = claimBasedir(settings.basedir)
    const host = { basedir: settings.basedir, environment: inheritedEnvironment(environment), clock, pty, pipes: new PipeStock(join(own, 'pipes')) }
    this.#commands = new Commands({ host, journal: new Journal(join(own, 'journal')), logger, onEmpty: () => this.#onEmpty() })
  }

  /** Cleans up after an earlier process of this worker. To be awaited before `run`. */
  recover(): Promise<void> {
    return this.#commands.recover()
  }

  /** Connects, again and again, until it is stopped. */
  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const closing = await this.#connectOnce()
      if (this.#stopped.signal.aborted) return
      this.#explain(closing)
      const pauseMs = this.#engines.after(closing, { welcomed: this.#welcomed, busy: !this.#commands.empty })
      if (pauseMs > 0) await this.#options.clock.sleep(pauseMs, this.#stopped.signal).catch(() => {})
    }
  }

  /** Says goodbye, kills what runs, and closes: all within 5 s. */
  async stop(why: string): Promise<void> {
    this.#stopped.abort()
    const finished = this.#leaving !== null && this.#commands.empty
    if (!finished) this.#connection?.send({ type: 'goodbye', why })
    await this.#commands.killAll()
    await this.#connection?.close(1000, why)
  }

  /** The last moment of the process: no command may outlive it. */
  killNow(): void {
    this.#commands.killAllNow()
  }

  async #connectOnce(): Promise<Closing> {
    const { settings, version, clock } = this.#options
    this.#welcomed = false
    const info = await workerInfo(settings.basedir)
    const connection: Connection = new Connection({
      url: this.#engines.current, name: settings.name, password: settings.password, version, clock,
      onOpen: () => {
        this.#commands.connected({ send: bytes => connection.sendBytes(bytes), room: () => connection.room() })
        connection.send({ type: 'hello', protocol: 1, process: this.#process, version, info, held: this.#commands.list() })
      },
      onMessage: message => this.#onMessage(connection, message),
      onRoom: () => this.#commands.pump(),
    })
    this.#connection = connection
    const closing = await connection.closed
    this.#cancelStatus?.()
    this.#connection = null
    this.#commands.disconnected()
    return closing
  }

  #onMessage(connection: Connection, message: EngineMessage): void {
    switch (message.type) {
      case 'welcome': return this.#onWelcome(connection, message)
      case 'decide':
        if (message.resume.length > 0) this.#listenClosely(connection)
        return this.#commands.decide(message)
      case 'start':
        this.#ranSomething = true
        this.#cancelOnce?.()
        this.#listenClosely(connection)
        return this.#commands.start(message)
      case 'interrupt': return this.#commands.interrupt(message.command, message.why)
      case 'ack': return this.#commands.ack(message.command, message.seq)
      case 'ping':
        if (message.nextMs !== undefined) connection.expectPings(message.nextMs)
        return connection.send({ type: 'pong', n: message.n })
      case 'shutdown': return this.#onShutdown(message)
      case 'print': return this.#options.logger.info({ engine: message.message }, 'message from the engine')
    }
  }

  #onWelcome(connection: Connection, { session, keepaliveMs, busyMs }: Welcome): void {
    this.#welcomed = true
    this.#troubles.clear()
    this.#busyMs = busyMs ?? null
    this.#options.logger.info({ engine: this.#engines.current, session }, 'connected')
    connection.expectPings(keepaliveMs)
    this.#sendStatusLater(connection)
  }

  /** Until a ping says otherwise. */
  #listenClosely(connection: Connection): void {
    if (this.#busyMs !== null) connection.expectPings(this.#busyMs)
  }

  #sendStatusLater(connection: Connection): void {
    const { clock, settings } = this.#options
    const send = async () => {
      connection.send(await workerStatus(settings.basedir))
      if (this.#connection === connection) this.#sendStatusLater(connection)
    }
    this.#cancelStatus?.()
    this.#cancelStatus = clock.setTimeout(() => void send(), STATUS_MS)
  }

  #onShutdown({ why }: Shutdown): void {
    this.#options.logger.info({ why }, 'asked to shut down: finishing what runs')
    this.#leaving = why
    this.#commands.stopAccepting()
    if (this.#commands.empty) this.#finish(why)
  }

  #onEmpty(): void {
    if (this.#leaving !== null) return this.#finish(this.#leaving)
    if (!this.#options.settings.once || !this.#ranSomething) return
    this.#cancelOnce?.()
    this.#cancelOnce = this.#options.clock.setTimeout(() => this.#finish('idle after --once'), ONCE_IDLE_MS)
  }

  #finish(why: string): void {
    if (!this.#stopped.signal.aborted) this.#options.onFinished(why)
  }

  /** One line for each new trouble, not one for each try. */
  #explain({ status, reason, duplicate }: Closing): void {
    const { logger, settings } = this.#options
    const level = this.#troubles.has(reason) ? 'debug' : status === 401 || duplicate ? 'error' : 'warn'
    this.#troubles.add(reason)
    const what = status === 401 ? `the engine refused worker '${settings.name}': wrong name or password`
      : status === 503 ? 'the engine takes nobody now' : duplicate ? `there is another worker '${settings.name}'` : this.#welcomed ? 'connection lost' : 'cannot connect'
    logger[level]({ engine: this.#engines.current, reason }, `${what}; trying again`)
  }
}
