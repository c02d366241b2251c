import { open } from 'node:fs/promises'
import { constants } from 'node:os'
import { resolve } from 'node:path'
import type { CommandSpec } from '@yardmaster/worker-protocol'
import type { CommandContext, RunningCommand } from './context.js'
import { errnoOf } from './errno.js'
import { isMachineTrouble } from './machine-trouble.js'

const PIECE_BYTES = 256 * 1024

type UploadArgs = Extract<CommandSpec, { kind: 'upload' }>['args']
type End = { rc: number; said?: string; trouble?: string }

/** Sends a file as it is. It waits while too much is not acknowledged yet, as whatever a command prints. */
export class UploadCommand implements RunningCommand {
  readonly #args: UploadArgs
  readonly #context: CommandContext
  readonly #abort = new AbortController()
  readonly #done: Promise<void>

  constructor(args: UploadArgs, context: CommandContext) {
    this.#args = args
    this.#context = context
    this.#done = this.#run()
  }

  interrupt(why: string): void {
    this.#context.output.header(`command interrupted${why === '' ? '' : `: ${why}`}`)
    this.#abort.abort()
  }

  async kill(): Promise<void> {
    this.#abort.abort()
    await this.#done
  }

  killNow(): void {}

  async #run(): Promise<void> {
    const { clock, output, ended } = this.#context
    const began = clock.monotonic()
    const { rc, said, trouble } = await this.#send().catch(problemOf)
    const elapsed = (clock.monotonic() - began) / 1000
    if (this.#abort.signal.aborted) return ended({ rc: -1, failureReason: 'interrupted', elapsed })
    if (said !== undefined) output.header(`upload: ${said}`)
    ended({ rc, failureReason: trouble === undefined ? null : 'worker', elapsed, ...(trouble === undefined ? {} : { result: trouble }) })
  }

  async #send(): Promise<End> {
    const { output, basedir } = this.#context
    const { path, maxBytes } = this.#args
    const file = await open(resolve(basedir, path))
    try {
      const status = await file.stat()
      if (!status.isFile()) return { rc: constants.errno.EISDIR, said: `${path} is no file` }
      for (let sent = 0; !this.#abort.signal.aborted;) {
        await output.room()
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, sent)
        if (bytesRead === 0) break
        const allowed = Math.min(bytesRead, maxBytes - sent)
        if (allowed > 0) output.bytes(buffer.subarray(0, allowed))
        sent += allowed
        if (allowed < bytesRead) return { rc: constants.errno.EFBIG, said: `${path} has more than the ${maxBytes} bytes that may be sent` }
      }
      return { rc: 0 }
    } finally {
      await file.close()
    }
  }
}

function problemOf(error: NodeJS.ErrnoException): End {
  return { rc: errnoOf(error.code), said: error.message, ...(isMachineTrouble(error, 'anywhere') ? { trouble: `upload: ${error.message}` } : {}) }
}
