import type { WorkerLoss } from '@yardmaster/domain'
import type { CommandSpec, Ended, Output } from '@yardmaster/worker-protocol'

/** The worker knows nothing more of the command: its process died, it was shut down, or it gave the machine back. The build is retried. */
export class CommandLost extends Error {
  override readonly name = 'CommandLost'
  constructor(message: string, readonly how: WorkerLoss) {
    super(message)
  }
}

export type RemoteCommandOptions = {
  /** installation/build/step/n */
  id: string
  spec: CommandSpec
  /** The worker's process that it was written down for: that one may have it, and no other may start it. Null: not known. */
  begunBy: string | null
  /** What of its output is committed: 0 for a new command, more for one that is joined after a replay. */
  fromSeq: number
  onOutput(output: Output): void
}

/** One command on a worker, from its start to its end, across connections. */
export class RemoteCommand {
  readonly id: string
  readonly spec: CommandSpec
  readonly begunBy: string | null
  readonly ended: Promise<Ended>
  /** Why it was asked to stop, until it has. */
  interruptedWhy: string | null = null
  /** What of its output is committed: a new connection resumes behind it, and the worker drops what is before. */
  committedSeq: number
  #receivedSeq: number
  readonly #onOutput: (output: Output) => void
  #resolve!: (ended: Ended) => void
  #reject!: (error: Error) => void

  constructor({ id, spec, begunBy, fromSeq, onOutput }: RemoteCommandOptions) {
    this.id = id
    this.spec = spec
    this.begunBy = begunBy
    this.committedSeq = fromSeq
    this.#receivedSeq = fromSeq
    this.#onOutput = onOutput
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.ended.catch(() => {})
  }

  /** Takes a message in. What was received before (and is sent again, as it was not committed) is ignored; false when one is missing between. */
  receive(message: Output | Ended): boolean {
    if (message.seq <= this.#receivedSeq) return true
    if (message.seq !== this.#receivedSeq + 1) return false
    this.#receivedSeq = message.seq
    if (message.type === 'output') this.#onOutput(message)
    else this.#resolve(message)
    return true
  }

  lose(why: string, how: WorkerLoss = 'given up'): void {
    this.#reject(new CommandLost(why, how))
  }
}
