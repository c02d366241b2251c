import type { EngineMessage, Shutdown, Welcome } from '@yardmaster/worker-protocol'
import type { Clock, Logger, Random } from '@yardmaster/runtime'
import { join } from 'node:path'
import { claimBasedir } from './basedir.js'
import { inheritedEnvironment } from './command/environment.js'
import { Commands } from './commands.js'
import { Connection, type Closing } from './connection.js'
import { Engines } from './engines.js'
import { Journal } from './journal.js'
import { ownLabels, workerInfo, workerStatus } from './machine.js'
import { PipeStock } from './pipes.js'
import type { Settings } from './settings.js'

const STATUS_MS = 30_000

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
  /** There is nothing left to do: `shutdown` came, and all is acknowledged or is not to be waited for. */
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
  #killed = false
  /** Somebody here wants it to go; the engine hears of it on every connection. */
  #wish: string | null = null
  #gone: (() => void) | null = null
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
    if (!this.#finished) this.#connection?.send({ type: 'goodbye', why })
    await this.#commands.killAll()
    await this.#connection?.close(1000, why)
  }

  /** Has the engine give it nothing more, waits until what it has is over, and closes. */
  async finish(why: string): Promise<void> {
    const nothingToDo = (this.#connection === null || !this.#welcomed) && this.#commands.empty
    if (!this.#finished && !nothingToDo && !this.#killed) {
      const gone = new Promise<void>(resolve => { this.#gone = resolve })
      this.#wish = why
      if (this.#welcomed) this.#connection?.send({ type: 'leaving', why })
      this.#options.logger.info({ why }, 'finishing what runs; a second signal ends it at once')
      await gone
    }
    await this.stop(why)
  }

  get #finished(): boolean {
    return this.#leaving !== null && this.#commands.empty
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
        this.#commands.connected({ send: bytes => connection.sendBytes(bytes), room: () => connection.room(), close: why => void connection.close(1000, why) })
        const labels = { ...ownLabels(), ...settings.labels }
        connection.send({ type: 'hello', protocol: 1, process: this.#process, version, info, labels, can: ['upload'], ...(settings.once ? { once: true } : {}), held: this.#commands.list() })
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
        this.#listenClosely(connection)
        return this.#commands.start(message)
      case 'interrupt': return this.#commands.interrupt(message.command, message.why)
      case 'ack': return this.#commands.ack(message.command, message.seq)
      case 'ping':
        if (message.nextMs !== undefined) connection.expectPings(message.nextMs)
        return connection.send({ type: 'pong', n: message.n })
      case 'shutdown': return this.#onShutdown(message)
      case 'elsewhere':
        this.#options.logger.warn({ engine: this.#engines.current, why: message.why, engines: message.engines }, 'the engine cannot use this worker')
        return this.#engines.learn(message.engines)
      case 'print': return this.#options.logger.info({ engine: message.message }, 'message from the engine')
    }
  }

  #onWelcome(connection: Connection, { session, keepaliveMs, busyMs }: Welcome): void {
    this.#welcomed = true
    this.#troubles.clear()
    this.#busyMs = busyMs ?? null
    this.#options.logger.info({ engine: this.#engines.current, session }, 'connected')
    connection.expectPings(keepaliveMs)
    if (this.#wish !== null) connection.send({ type: 'leaving', why: this.#wish })
    void this.#sendStatus(connection)
  }

  /** Until a ping says otherwise. */
  #listenClosely(connection: Connection): void {
    if (this.#busyMs !== null) connection.expectPings(this.#busyMs)
  }

  async #sendStatus(connection: Connection): Promise<void> {
    const { clock, settings } = this.#options
    connection.send(await workerStatus(settings.basedir))
    this.#cancelStatus?.()
    if (this.#connection === connection) this.#cancelStatus = clock.setTimeout(() => void this.#sendStatus(connection), STATUS_MS)
  }

  #onShutdown({ why, now }: Shutdown): void {
    this.#options.logger.info({ why }, now ? 'asked to end at once' : 'asked to shut down: finishing what runs')
    this.#leaving = why
    this.#killed = now === true
    this.#commands.stopAccepting()
    if (this.#killed || this.#commands.empty) this.#finish(why)
  }

  #onEmpty(): void {
    if (this.#leaving !== null) this.#finish(this.#leaving)
  }

  #finish(why: string): void {
    this.#gone?.()
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
