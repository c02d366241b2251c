import type { Clock } from '@yardmaster/runtime'
import type { UpdateEntry } from '@yardmaster/worker-protocol'
import type { StockCommand } from './buildbot-arguments.js'
import { RefusedByWorker, type BuildbotWire, type BuildbotWireOptions } from './buildbot-wire.js'

/** Who hears of one command. Whatever is heard is answered: that says to the worker that we have it. */
export type CommandSink = {
  update(entries: UpdateEntry[], answer: () => void): void
  /** The next piece of a file that it sends. The worker sends one after the other. */
  upload?(content: Uint8Array, answer: () => void): void
  /** `failure` is what went wrong inside of the worker, if something did. */
  complete(failure: string | null, answer: () => void): void
  /** It was not started. */
  refused(why: string): void
  /** The connection has ended. */
  lost?(): void
}

/** What a command of our own said. */
export type Asked = { rc: number; stdout: string; found: (string | number)[] }

export type BuildbotCommandsOptions = {
  wire: BuildbotWire
  clock: Clock
  /** Begins the ids of our own commands: nothing else ever does. */
  prefix: string
}

/** The commands that run on one connection of a stock worker. */
export class BuildbotCommands {
  readonly #options: BuildbotCommandsOptions
  readonly #sinks = new Map<string, CommandSink>()
  #asked = 0

  constructor(options: BuildbotCommandsOptions) {
    this.#options = options
  }

  runs(id: string): boolean {
    return this.#sinks.has(id)
  }

  start(id: string, { name, args }: StockCommand, sink: CommandSink): void {
    this.#sinks.set(id, sink)
    this.#options.wire.request('start_command', { command_id: id, command_name: name, args }).catch((error: unknown) => {
      // A lost connection is told of by its end.
      if (error instanceof RefusedByWorker && this.#sinks.delete(id)) sink.refused(error.message)
      else if (this.#options.wire.closed) sink.lost?.()
    })
  }

  /** The connection has ended: who waits for a command of our own waits in vain. */
  lost(): void {
    for (const sink of this.#sinks.values()) sink.lost?.()
  }

  interrupt(id: string, why: string): void {
    this.#options.wire.request('interrupt_command', { command_id: id, why }).catch(() => {})
  }

  /** Takes in what the worker says of a command; of one that nobody waits for it is only answered. */
  readonly receive: BuildbotWireOptions['onUpdate'] = message => {
    const { wire } = this.#options
    const answer = () => wire.answer(message.seq_number)
    const sink = this.#sinks.get(message.command_id)
    if (message.op === 'complete') this.#sinks.delete(message.command_id)
    if (!sink) return answer()
    if (message.op === 'update') sink.update(message.entries, answer)
    else if (message.op === 'complete') sink.complete(message.args ?? null, answer)
    else if (message.content !== null && sink.upload) sink.upload(message.content, answer)
    else answer()
  }

  /** Runs a command of our own. Rejects when it cannot be run, or is not over within `withinMs`. */
  ask(command: StockCommand, withinMs: number): Promise<Asked> {
    const { clock, prefix } = this.#options
    const id = `${prefix}/${++this.#asked}`
    const asked: Asked = { rc: -1, stdout: '', found: [] }
    return new Promise((resolve, reject) => {
      const fail = (why: string) => { cancel(); reject(new Error(`${command.name}: ${why}`)) }
      const cancel = clock.setTimeout(() => {
        this.interrupt(id, 'it takes too long')
        fail(`not over within ${withinMs} ms`)
      }, withinMs)
      this.start(id, command, {
        update(entries, answer) {
          for (const entry of entries) note(asked, entry)
          answer()
        },
        complete(failure, answer) {
          answer()
          if (failure !== null) return fail(failure)
          cancel()
          resolve(asked)
        },
        refused: fail,
        lost: () => fail('the connection is lost'),
      })
    })
  }
}

/** Of what our own commands print the beginning is enough. */
const MOST_CHARACTERS = 64 * 1024

function note(asked: Asked, entry: UpdateEntry): void {
  if (entry[0] === 'rc') asked.rc = entry[1]
  else if (entry[0] === 'stdout' && asked.stdout.length < MOST_CHARACTERS) asked.stdout += entry[1][0]
  else if (entry[0] === 'files' || entry[0] === 'stat') asked.found = entry[1]
}
