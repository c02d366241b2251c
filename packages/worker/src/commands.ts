import type { Decide, Ended, Held, Start } from '@yardmaster/worker-protocol'
import type { Logger } from '@yardmaster/runtime'
import { isAlive, killTree } from '@yardmaster/runtime/processes'
import type { CommandContext, CommandHost, RunningCommand } from './command/context.js'
import { MARKER } from './command/environment.js'
import { FileCommand } from './command/files.js'
import { ShellCommand } from './command/shell.js'
import type { Journal } from './journal.js'
import { Outbox, OUTBOX_LIMITS } from './outbox.js'
import { CommandOutput, type Ending } from './output.js'
import { SHARED_LIMITS, SharedRoom } from './shared-room.js'

/** Where messages go at present. `room` is false while the connection has enough to do. */
export type Link = { send(bytes: Buffer): void; room(): boolean; close(why: string): void }

type HeldCommand = {
  outbox: Outbox
  output: CommandOutput
  running: RunningCommand | null
  /** The number of its `ended`, once it has one. */
  endedSeq: number | null
  /** The present connection wants its messages: it was started or resumed there. */
  live: boolean
  /** The engine wants nothing more of it: it goes as soon as it has ended. */
  dropped: boolean
}

export type CommandsOptions = { host: CommandHost; journal: Journal; logger: Logger; onEmpty: () => void }

/** Every command that this worker holds, from `start` until its `ended` is acknowledged, over any number of connections. */
export class Commands {
  readonly #options: CommandsOptions
  readonly #held = new Map<string, HeldCommand>()
  readonly #lost = new Set<string>()
  readonly #room = new SharedRoom(SHARED_LIMITS)
  #link: Link | null = null
  #accepting = true

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  get empty(): boolean {
    return this.#held.size === 0
  }

  /** Kills what an earlier process of this worker left running, and remembers it as lost. Before anything else. */
  async recover(): Promise<void> {
    const { journal, host, logger } = this.#options
    for (const { command, process } of journal.leftovers()) {
      const root = process !== null && isAlive(process) ? process.pid : null
      const gone = await killTree({ mark: { name: MARKER, value: command }, root }, host.clock)
      logger.warn({ command }, gone ? 'lost by an earlier worker process; nothing of it runs any more' : 'lost by an earlier worker process; some of it could not be killed')
      this.#lost.add(command)
    }
  }

  /** What `hello` tells. */
  list(): Held[] {
    const held = [...this.#held].filter(([command]) => !this.#lost.has(command)).map(([command, { outbox, output, endedSeq }]): Held => {
      output.flush()
      return { command, state: endedSeq === null ? 'running' : 'ended', lastSeq: outbox.lastSeq }
    })
    return [...held, ...[...this.#lost].map((command): Held => ({ command, state: 'lost', lastSeq: 0 }))]
  }

  connected(link: Link): void {
    this.disconnected()
    this.#link = link
  }

  disconnected(): void {
    this.#link = null
    for (const held of this.#held.values()) held.live = false
  }

  decide({ resume, forget, kill }: Decide): void {
    for (const { command, fromSeq } of resume) this.#resume(command, fromSeq)
    for (const command of [...forget, ...kill]) this.#drop(command)
    this.pump()
  }

  start(message: Start): void {
    const { command } = message
    if (this.#held.has(command) || this.#lost.has(command)) return
    const held = this.#hold(command)
    if (!this.#accepting) return this.#refuse(command, held, 'interrupted', 'the worker is shutting down and starts nothing more')
    try {
      this.#options.journal.begin(command)
    } catch (error) {
      return this.#refuse(command, held, 'worker', `its journal cannot be written: ${(error as Error).message}`)
    }
    const context: CommandContext = {
      ...this.#options.host,
      command,
      output: held.output,
      spawned: process => this.#options.journal.spawned(command, process),
      ended: ending => this.#ended(command, held, ending),
    }
    held.running = message.kind === 'shell' ? new ShellCommand(message.args, context) : new FileCommand(message, context)
  }

  interrupt(command: string, why: string): void {
    this.#held.get(command)?.running?.interrupt(why)
  }

  ack(command: string, seq: number): void {
    const held = this.#held.get(command)
    if (held === undefined) return
    held.outbox.ack(seq)
    if (held.endedSeq !== null && seq >= held.endedSeq) this.#forget(command)
  }

  /** Gives the connection what it has room for, one message of each command in turn. */
  pump(): void {
    const link = this.#link
    for (let sent = true; sent && link?.room();) {
      sent = false
      for (const [command, { live, outbox }] of this.#held) {
        const bytes = live && link.room() ? this.#take(command, outbox) : null
        if (bytes === null) continue
        link.send(bytes)
        sent = true
      }
    }
  }

  /** What was kept on disk may be gone with it. Then the command is lost, which the engine hears by the next hello. */
  #take(command: string, outbox: Outbox): Buffer | null {
    try {
      return outbox.take()
    } catch (error) {
      this.#options.logger.error({ err: error, command }, 'kept output cannot be read: the command is lost')
      this.#drop(command)
      this.#lost.add(command)
      this.#link?.close('its kept output cannot be read')
      return null
    }
  }

  /** From now on a `start` is refused. */
  stopAccepting(): void {
    this.#accepting = false
  }

  /** Sends nothing more, and kills all that runs. The journal stays: if no engine has heard of it, the next process tells. */
  async killAll(): Promise<void> {
    this.stopAccepting()
    this.disconnected()
    await Promise.all([...this.#held.values()].map(async held => held.running?.kill()))
  }

  killAllNow(): void {
    for (const held of this.#held.values()) held.running?.killNow()
  }

  #hold(command: string): HeldCommand {
    const outbox = new Outbox(command, this.#options.journal, OUTBOX_LIMITS, this.#room)
    const output = new CommandOutput({ command, outbox, clock: this.#options.host.clock, offer: () => this.pump(), connected: () => held.live })
    const held: HeldCommand = { outbox, output, running: null, endedSeq: null, live: this.#link !== null, dropped: false }
    this.#held.set(command, held)
    return held
  }

  #refuse(command: string, held: HeldCommand, failureReason: NonNullable<Ended['failureReason']>, why: string): void {
    held.output.header(why)
    this.#ended(command, held, { rc: -1, failureReason, elapsed: 0, ...(failureReason === 'worker' ? { result: why } : {}) })
  }

  #ended(command: string, held: HeldCommand, ending: Ending): void {
    held.running = null
    if (held.dropped) return this.#forget(command)
    // Set before it is sent: its acknowledgement may not find it unset.
    held.output.flush()
    held.endedSeq = held.outbox.lastSeq + 1
    held.output.end(ending)
  }

  #resume(command: string, fromSeq: number): void {
    const held = this.#held.get(command)
    if (held === undefined) {
      this.#options.logger.warn({ command }, 'the engine would resume a command that is not held')
      return
    }
    held.outbox.rewind(fromSeq)
    held.live = true
    held.output.flush()
    if (held.endedSeq !== null && fromSeq >= held.endedSeq) this.#forget(command)
  }

  /** `forget` and `kill` alike: a running command that no engine wants must not go on. */
  #drop(command: string): void {
    this.#lost.delete(command)
    const held = this.#held.get(command)
    if (held?.running) {
      held.dropped = true
      held.live = false
      held.outbox.discard()
      void held.running.kill()
    } else this.#forget(command)
  }

  #forget(command: string): void {
    this.#held.get(command)?.outbox.discard()
    this.#held.delete(command)
    this.#options.journal.remove(command)
    if (this.empty) this.#options.onEmpty()
  }
}
