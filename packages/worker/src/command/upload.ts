import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { CommandSpec } from '@yardmaster/worker-protocol'
import type { CommandContext } from './context.js'

const PIECE_BYTES = 256 * 1024

type UploadArgs = Extract<CommandSpec, { kind: 'upload' }>['args']

/** Sends a file as it is, until it is told to end. It waits while too much is not acknowledged yet, as whatever a command prints. Throws with a code, as fs does. */
export async function sendFile({ path, maxBytes }: UploadArgs, { basedir, output }: Pick<CommandContext, 'basedir' | 'output'>, signal: AbortSignal): Promise<void> {
  const file = await open(resolve(basedir, path))
  try {
    const status = await file.stat()
    if (!status.isFile()) throw problem('EISDIR', `${path} is no file`)
    for (let sent = 0; !signal.aborted;) {
      await output.room()
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE_BYTES), 0, PIECE_BYTES, sent)
      if (bytesRead === 0) return
      const allowed = Math.min(bytesRead, maxBytes - sent)
      if (allowed > 0) output.bytes(buffer.subarray(0, allowed))
      sent += allowed
      if (allowed < bytesRead) throw problem('EFBIG', `${path} has more than the ${maxBytes} bytes that may be sent`)
    }
  } finally {
    await file.close()
  }
}

const problem = (code: string, message: string): Error => Object.assign(new Error(message), { code })
