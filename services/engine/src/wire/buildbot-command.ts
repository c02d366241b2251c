import type { Clock } from '@yardmaster/runtime'
import type { CommandSpec, Ended, FailureReason, Output, UpdateEntry } from '@yardmaster/worker-protocol'
import { stockCommands, stockResult, type StockCommand, type StockPlace } from './buildbot-arguments.js'
import type { BuildbotCommands, CommandSink } from './buildbot-commands.js'
import { linesOf, prefixed, type LogLines } from './buildbot-output.js'

export type BuildbotCommandOptions = {
  id: string
  spec: CommandSpec
  place: StockPlace
  commands: BuildbotCommands
  clock: Clock
  emit(message: Output | Ended): void
  /** Ends what is left of its processes: a stock worker kills a process group, and what has left that group goes on. */
  sweep(): Promise<void>
}

type Message = { message: Output | Ended; answer: () => void }

/** A command of a build on a stock worker, told as our own worker would: numbered messages, kept until they are acknowledged. */
export class BuildbotCommand {
  readonly #options: BuildbotCommandOptions
  readonly #beganAt: number
  #rest: StockCommand[] = []
  #part = 0
  #seq = 0
  #kept: Message[] = []
  #rc: number | null = null
  #elapsed: number | null = null
  #found: (string | number)[] | null = null
  #failure: FailureReason | null = null
  #interruptedWhy: string | null = null
  /** Nobody wants to hear of it any more. */
  #unwanted = false
  #over = false

  constructor(options: BuildbotCommandOptions) {
    this.#options = options
    this.#beganAt = options.clock.monotonic()
  }

  start(): void {
    const { spec, id, place } = this.#options
    try {
      const [first, ...rest] = stockCommands(spec, id, place)
      this.#rest = rest
      this.#startPart(first)
    } catch (error) {
      this.#refused(error instanceof Error ? error.message : String(error))
    }
  }

  interrupt(why: string): void {
    if (this.#over) return
    this.#interruptedWhy = why
    this.#options.commands.interrupt(this.#partId, why)
  }

  /** Everything up to `seq` is committed, so the worker may hear that it has arrived. */
  acknowledge(seq: number): void {
    const count = this.#kept.findIndex(({ message }) => message.seq > seq)
    for (const { answer } of this.#kept.splice(0, count === -1 ? this.#kept.length : count)) answer()
  }

  /** Says again what is not committed, to a build that is replayed. */
  resume(fromSeq: number): void {
    this.acknowledge(fromSeq)
    const uncommitted = this.#kept.map(({ message }) => message)
    for (const message of uncommitted) this.#options.emit(message)
  }

  /** It goes on, but nobody wants to hear of it. */
  forget(): void {
    this.#unwanted = true
    this.acknowledge(Infinity)
  }

  /** It has ended, and that is committed. */
  get acknowledged(): boolean {
    return this.#over && this.#kept.length === 0
  }

  /** The worker knows the parts of one command as commands of their own. */
  get #partId(): string {
    return this.#part === 0 ? this.#options.id : `${this.#options.id}+${this.#part}`
  }

  #startPart(command: StockCommand): void {
    const sink: CommandSink = {
      update: (entries, answer) => this.#update(entries, answer),
      upload: (content, answer) => this.#emit({ type: 'output', command: this.#options.id, seq: ++this.#seq, log: 'content', lines: 1, content }, answer),
      complete: (failure, answer) => void this.#complete(failure, answer),
      refused: why => this.#refused(why),
    }
    this.#options.commands.start(this.#partId, command, sink)
  }

  #update(entries: UpdateEntry[], answer: () => void): void {
    for (const entry of entries) this.#note(entry)
    this.#say(linesOf(entries), answer)
  }

  #note(entry: UpdateEntry): void {
    if (entry[0] === 'rc') this.#rc = entry[1]
    else if (entry[0] === 'elapsed') this.#elapsed = Math.max(entry[1], 0)
    else if (entry[0] === 'failure_reason') this.#failure = reasonOf(entry[1])
    else if (entry[0] === 'stat' || entry[0] === 'files') this.#found = entry[1]
    // Worker 3.7 says it in no other way.
    else if (entry[0] === 'header') this.#failure ??= reasonOf(/^command timed out: \S+ seconds (without output|elapsed)/m.exec(entry[1][0])?.[1])
  }

  /** The update is answered with its last line. */
  #say(found: LogLines[], answer: () => void): void {
    found.forEach(({ log, lines, content }, at) => {
      this.#emit({ type: 'output', command: this.#options.id, seq: ++this.#seq, log, lines, content }, at === found.length - 1 ? answer : () => {})
    })
    if (found.length === 0) answer()
  }

  /** The last update of a command may come after its `rc`; nothing comes after this. */
  async #complete(failure: string | null, answer: () => void): Promise<void> {
    if (failure !== null) this.#header(failure.trim().split('\n').at(-1)!)
    const next = this.#rc === 0 && failure === null && this.#interruptedWhy === null ? this.#rest.shift() : undefined
    if (next) {
      answer()
      this.#part += 1
      this.#rc = null
      return this.#startPart(next)
    }
    const killed = this.#failure !== null || this.#interruptedWhy !== null
    if (killed && this.#options.spec.kind === 'shell') await this.#options.sweep().catch((error: unknown) => this.#header(`what is left of it could not be ended: ${String(error)}`))
    this.#end(this.#rc ?? -1, failure !== null && this.#rc === null ? 'spawn' : null, answer)
  }

  #refused(why: string): void {
    this.#header(why)
    this.#end(-1, 'spawn', () => {})
  }

  #header(text: string): void {
    const content = Buffer.from(prefixed('h', text.replaceAll('\n', ' ')))
    if (content.length > 0) this.#say([{ log: 'stdio', lines: 1, content }], () => {})
  }

  #end(rc: number, otherwise: FailureReason | null, answer: () => void): void {
    const { id, spec, place, clock } = this.#options
    this.#over = true
    const failureReason = this.#failure ?? (this.#interruptedWhy !== null && rc !== 0 ? 'interrupted' : otherwise)
    const elapsed = this.#elapsed ?? (clock.monotonic() - this.#beganAt) / 1000
    const result = rc === 0 && this.#found ? { result: stockResult(spec, this.#found, place) } : {}
    this.#emit({ type: 'ended', command: id, seq: ++this.#seq, rc, failureReason, elapsed, ...result }, answer)
  }

  #emit(message: Output | Ended, answer: () => void): void {
    if (this.#unwanted) return answer()
    this.#kept.push({ message, answer })
    this.#options.emit(message)
  }
}

function reasonOf(said: string | undefined): FailureReason | null {
  if (said === 'timeout_without_output' || said === 'without output') return 'timeout_without_output'
  return said === 'timeout' || said === 'elapsed' ? 'timeout' : null
}
