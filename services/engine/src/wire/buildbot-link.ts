import type { Clock, Logger } from '@yardmaster/runtime'
import type { EngineMessage, Ended, Output, Pong, Start } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'
import type { StockPlace } from './buildbot-arguments.js'
import { BuildbotCommand } from './buildbot-command.js'
import { BuildbotCommands } from './buildbot-commands.js'
import { BuildbotWire } from './buildbot-wire.js'
import { sweepCommand } from './orphan-sweep.js'
import type { Pace } from './silence-watch.js'
import type { Link } from './worker-link.js'

export type BuildbotLinkOptions = {
  socket: WebSocket
  clock: Clock
  logger: Logger
  /** Identity of this connection. */
  process: string
  onMessage(message: Output | Ended | Pong): void
  onClose(): void
}

/** For a sweep: longer than it takes by itself. */
const SWEEP_MS = 25_000
/** A command that was interrupted has ended after its worker's 5 s of patience, or hangs in the worker. */
const INTERRUPTED_MS = 8_000

/** The connection of a stock worker, presented as if it spoke our own protocol, but for what it cannot: resume. */
export class BuildbotLink implements Link {
  readonly protocol = 'msgpack'
  readonly wire: BuildbotWire
  readonly commands: BuildbotCommands
  readonly #options: BuildbotLinkOptions
  readonly #running = new Map<string, BuildbotCommand>()
  /** A command of a build has been started over it: what the worker's process has started may be of a build that goes on. */
  #begun = false
  /** Known once the worker has told of itself. */
  place: StockPlace = { basedir: '', system: '' }

  constructor(options: BuildbotLinkOptions) {
    this.#options = options
    const { socket, clock, logger, onClose, process } = options
    this.wire = new BuildbotWire({
      socket, clock, logger,
      onUpdate: message => this.commands.receive(message),
      onClose: () => { this.commands.lost(); onClose() },
    })
    this.commands = new BuildbotCommands({ wire: this.wire, clock, prefix: `yard/${process}` })
  }

  get closed(): boolean {
    const { socket } = this.#options
    return socket.readyState !== socket.OPEN
  }

  send(message: EngineMessage): void {
    const { wire } = this
    const unheard = () => {}
    switch (message.type) {
      case 'start': return this.#start(message)
      case 'interrupt': return this.#running.get(message.command)?.interrupt(message.why)
      case 'ack': return this.#acknowledge(message.command, message.seq)
      case 'decide':
        for (const { command, fromSeq } of message.resume) this.#running.get(command)?.resume(fromSeq)
        for (const command of [...message.forget, ...message.kill]) this.#forget(command)
        for (const command of message.kill) this.commands.interrupt(command, 'its build is over')
        return
      case 'ping': return void wire.request('keepalive').then(() => this.#options.onMessage({ type: 'pong', n: message.n }), unheard)
      case 'shutdown': return void wire.request('shutdown').catch(unheard)
      case 'print': return void wire.request('print', { message: message.message }).catch(unheard)
      // It has one address: somebody has to read this.
      case 'elsewhere': return void wire.request('print', { message: [message.why, ...message.engines].join('; try ') }).catch(unheard)
      // It knows nothing of installations and sessions.
      case 'welcome': return
    }
  }

  pause(): void {
    this.wire.pause()
  }

  resume(): void {
    this.wire.resume()
  }

  watch(pace: Pace): void {
    this.wire.silence.watch(pace)
  }

  answers(withinMs: number): Promise<boolean> {
    return this.wire.silence.answers(withinMs)
  }

  close(code: number, reason: string): void {
    this.wire.close(code, reason)
  }

  drop(why: string): void {
    this.wire.drop(why)
  }

  /**
   * Ends what is left of these commands, which no build waits for: resolves when nothing of them runs on the worker any more, and rejects when that
   * cannot be brought about. The worker knows commands across connections, but not what has survived the worker itself.
   */
  async endOrphans(commandIds: string[]): Promise<void> {
    // Over the connection that has begun nothing yet, whatever the worker has started is an orphan, also what cannot be marked.
    const alone = !this.#begun
    for (const id of commandIds) {
      this.#forget(id)
      this.commands.interrupt(id, 'its build is over')
    }
    await this.#sweep(commandIds, alone)
    await this.#over(commandIds)
  }

  #start({ command: id, ...spec }: Start): void {
    const { clock, onMessage } = this.#options
    const { commands, place } = this
    const command = new BuildbotCommand({ id, spec, place, commands, clock, emit: onMessage, sweep: () => this.#sweep([id], false) })
    this.#running.set(id, command)
    this.#begun = true
    command.start()
  }

  #acknowledge(id: string, seq: number): void {
    const command = this.#running.get(id)
    command?.acknowledge(seq)
    if (command?.acknowledged) this.#running.delete(id)
  }

  #forget(id: string): void {
    this.#running.get(id)?.forget()
    this.#running.delete(id)
  }

  /** On a system that is not Unix's the worker's own interrupt ends the process tree, as far as it can. */
  async #sweep(commandIds: string[], children: boolean): Promise<void> {
    const { basedir, system } = this.place
    if (system !== 'posix') return
    const { rc, stdout } = await this.commands.ask(sweepCommand(commandIds, children, basedir), SWEEP_MS)
    if (rc !== 0) throw new Error(`the processes of ${commandIds.join(', ')} could not be ended: ${stdout.trim() || `exit code ${rc}`}`)
  }

  /** What was started over this connection says its own end. */
  async #over(commandIds: string[]): Promise<void> {
    const { clock } = this.#options
    const giveUpAt = clock.monotonic() + INTERRUPTED_MS
    while (commandIds.some(id => this.commands.runs(id))) {
      if (clock.monotonic() > giveUpAt) throw new Error(`${commandIds.filter(id => this.commands.runs(id)).join(', ')}: interrupted, but not over within ${INTERRUPTED_MS} ms`)
      await clock.sleep(100)
    }
  }
}
