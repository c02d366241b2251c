import { spawnSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** `writer` is a file descriptor for the child: to be closed here once the child has it. */
export type OutputPipe = { reader: Socket; writer: number }

const BATCH = 32

/**
 * Real pipes for the output of commands. Node gives its children socket pairs, on which `echo > /dev/stderr`, as many scripts have it, fails
 * with ENXIO; the kernel's pipes are only to be had as named ones. mkfifo takes a process of its own (3 ms), so they are made many at a time
 * and used again: a pipe whose reader saw the end has no writer any more.
 */
export class PipeStock {
  readonly #folder: string
  #made = 0
  #free: string[] = []
  #available = true

  constructor(folder: string) {
    this.#folder = folder
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#makeMore()
  }

  /** For the two streams of a command; null where there are no named pipes. Throws when they cannot be opened, and has opened none then. */
  takeTwo(): [OutputPipe | null, OutputPipe | null] {
    const first = this.#take()
    try {
      return [first, this.#take()]
    } catch (error) {
      if (first) {
        closeWriter(first)
        first.reader.destroy()
      }
      throw error
    }
  }

  #take(): OutputPipe | null {
    if (this.#free.length === 0) this.#makeMore()
    const path = this.#free.pop()
    return path === undefined ? null : this.#open(path)
  }

  #makeMore(): void {
    if (!this.#available) return
    const paths = Array.from({ length: BATCH }, () => join(this.#folder, String(this.#made++)))
    const { status, error } = spawnSync('mkfifo', ['-m', '600', ...paths])
    if (status === 0) this.#free.push(...paths)
    // A machine that just now cannot start a process may do it next time.
    else this.#available = error !== undefined && (error as NodeJS.ErrnoException).code !== 'ENOENT'
  }

  #open(path: string): OutputPipe {
    // Non-blocking, the reading end opens without a writer; and then the writing end finds its reader.
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = this.#openWriter(path, reading)
    const reader = new Socket({ fd: reading, readable: true, writable: false })
    let ended = false
    reader.once('end', () => { ended = true })
    // Not at its end but when it is closed: until then two readers would share what a next command writes.
    reader.once('close', () => {
      if (ended) this.#free.push(path)
      else rmSync(path, { force: true })
    })
    return { reader, writer }
  }

  /** Who runs out of files must not lose more of them with each try. */
  #openWriter(path: string, reading: number): number {
    try {
      return openSync(path, constants.O_WRONLY)
    } catch (error) {
      closeSync(reading)
      throw error
    }
  }
}

export function closeWriter(pipe: OutputPipe): void {
  closeSync(pipe.writer)
}
