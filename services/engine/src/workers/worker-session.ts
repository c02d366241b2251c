import type { Session } from '@yardmaster/db'
import type { WorkerLoss } from '@yardmaster/domain'
import type { Ended, Held, Output } from '@yardmaster/worker-protocol'
import type { Link } from '../wire/worker-link.js'
import type { RemoteCommand } from './remote-command.js'

export type WorkerSessionOptions = {
  workerId: number
  name: string
  number: number
  processId: string
  /** The machine that it runs on; null: none of ours. */
  instanceId: number | null
  /** It takes one build and goes. */
  once: boolean
  basedir: string
  info: { [key: string]: string | number }
  resumes: boolean
  /** Kinds of commands that not every worker knows. */
  can: readonly string[]
}

/** This engine's hold on one worker: it lasts across connections of the worker's process to this engine, and ends when another engine takes over. */
export class WorkerSession implements Session {
  readonly workerId: number
  readonly name: string
  readonly processId: string
  readonly instanceId: number | null
  readonly once: boolean
  readonly basedir: string
  readonly info: { [key: string]: string | number }
  /** Its commands outlive its connection: a stock worker's do not, as far as we can know. */
  readonly resumes: boolean
  readonly can: readonly string[]
  number: number
  /** Not null from before its (next) number is written until its worker is attached: nobody may judge it by `link` meanwhile. */
  opening: number | null
  /** Null while the worker is not connected here. */
  link: Link | null = null
  /** It wants to go once it is idle: said, and written down. */
  leaving: 'wished' | 'written' | null = null
  toldToGo = false
  readonly #commands = new Map<string, RemoteCommand>()
  /** What the worker knows of. */
  #held = new Map<string, Held>()
  /** Commands that were given up while they ran: killed whenever the worker comes back with them. */
  readonly #unwanted = new Set<string>()

  constructor({ workerId, name, number, processId, instanceId, once, basedir, info, resumes, can }: WorkerSessionOptions) {
    this.workerId = workerId
    this.name = name
    this.number = number
    this.opening = number
    this.processId = processId
    this.instanceId = instanceId
    this.once = once
    this.basedir = basedir
    this.info = info
    this.resumes = resumes
    this.can = can
  }

  /**
   * The worker's process is connected over `link` and holds these commands. Commands of builds that are not ours are killed;
   * those of ours are resumed as their builds ask for them, now or after a replay.
   */
  attach(link: Link, held: Held[], isOurs: (commandId: string) => boolean): void {
    this.link = link
    const wanted = ({ command }: Held) => isOurs(command) && !this.#unwanted.has(command)
    this.#held = new Map(held.filter(wanted).map(entry => [entry.command, entry]))
    link.send({ type: 'decide', resume: [], forget: [], kill: held.filter(entry => !wanted(entry)).map(({ command }) => command) })
    for (const command of this.#commands.values()) this.#offer(command)
  }

  /** The worker has something of ours. */
  get busy(): boolean {
    return this.#commands.size > 0 || this.#held.size > 0
  }

  /** Not connected, and not about to be. */
  get away(): boolean {
    return this.link === null && this.opening === null
  }

  detach(link: Link): void {
    if (this.link === link) this.link = null
  }

  /** Starts the command, or joins it if the worker has it already; also after the next connection if there is none now. */
  run(command: RemoteCommand): Promise<Ended> {
    this.#commands.set(command.id, command)
    this.#offer(command)
    return command.ended.finally(() => {
      // A replay may have taken its place.
      if (this.#commands.get(command.id) === command) this.#commands.delete(command.id)
    })
  }

  #offer(command: RemoteCommand): void {
    if (!this.link) return
    const held = this.#held.get(command.id)
    if (held?.state === 'lost') return command.lose('the worker was restarted while the command ran', 'replaced')
    if (held) this.link.send({ type: 'decide', resume: [{ command: command.id, fromSeq: command.committedSeq }], forget: [], kill: [] })
    else if (command.begunBy !== this.processId) return command.lose('the worker was replaced by one that does not know the command', 'replaced')
    else if (command.interruptedWhy !== null) return command.lose('it was interrupted before it was started')
    else this.#start(this.link, command)
    if (command.interruptedWhy !== null) this.link.send({ type: 'interrupt', command: command.id, why: command.interruptedWhy })
  }

  /** Not held: an earlier start never reached the worker, which writes a command down before it starts it. */
  #start(link: Link, command: RemoteCommand): void {
    link.send({ type: 'start', command: command.id, ...command.spec })
    this.#held.set(command.id, { command: command.id, state: 'running', lastSeq: 0 })
  }

  /** Asks for an end; the command ends all the same by its `ended`. */
  interrupt(command: RemoteCommand, why: string): void {
    command.interruptedWhy = why
    this.link?.send({ type: 'interrupt', command: command.id, why })
  }

  /** The outcome of the command is known: the worker need not keep it. */
  forget(commandId: string): void {
    if (!this.#held.delete(commandId)) return
    this.link?.send({ type: 'decide', resume: [], forget: [commandId], kill: [] })
  }

  /** Gives up a command that runs. */
  kill(command: RemoteCommand, why: string): void {
    this.giveUp(command.id)
    command.lose(why)
  }

  /** Nobody waits for the command, which may run. */
  giveUp(commandId: string): void {
    this.#unwanted.add(commandId)
    this.#kill([commandId])
  }

  /** Kills what is still held of a build that is over. */
  killAll(ofBuild: (commandId: string) => boolean): void {
    for (const id of [...this.#unwanted].filter(ofBuild)) this.#unwanted.delete(id)
    this.#kill([...this.#held.keys()].filter(ofBuild))
  }

  #kill(commands: string[]): void {
    for (const id of commands) this.#held.delete(id)
    if (commands.length > 0) this.link?.send({ type: 'decide', resume: [], forget: [], kill: commands })
  }

  /** Everything up to `seq` is committed. */
  acknowledge(commandId: string, seq: number): void {
    const command = this.#commands.get(commandId)
    if (command) command.committedSeq = seq
    this.link?.send({ type: 'ack', command: commandId, seq })
  }

  /** It runs nothing, and is to run nothing more. */
  tellToGo(why: string): void {
    this.toldToGo = true
    this.link?.send({ type: 'shutdown', why })
  }

  /** A message of a command. False when the worker broke the sequence. */
  receive(message: Output | Ended): boolean {
    const command = this.#commands.get(message.command)
    // What nobody waits for is of a build that was given up; it was told to be killed.
    if (command === undefined) return true
    // A start that met its good-bye on the way: that is no end of the command's own.
    if (this.toldToGo && message.type === 'ended' && message.failureReason === 'interrupted' && command.interruptedWhy === null) command.lose('the worker was leaving as the command was to start', 'goodbye')
    if (!command.receive(message)) return false
    if (message.type === 'ended') this.#held.delete(message.command)
    return true
  }

  /** The worker goes away and takes its commands with it. */
  loseCommands(why: string, how: WorkerLoss): void {
    for (const command of this.#commands.values()) command.lose(why, how)
  }
}
