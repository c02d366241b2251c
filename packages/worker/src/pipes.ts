import { spawn, spawnSync } from 'node:child_process'
import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** `writer` is a file descriptor for the child: to be closed here once the child has it. */
export type OutputPipe = { reader: Socket; writer: number }

const STOCK = 8

/**
 * Real pipes for the output of commands. Node gives its children socket pairs, on which `echo > /dev/stderr`, as many scripts have
 * it, fails with ENXIO; the kernel's pipes are only to be had as named ones. They are made ahead, so that no command waits for mkfifo (3 ms).
 */
export class PipeStock {
  readonly #folder: string
  #made = 0
  #ready: string[] = []
  #available = true

  constructor(folder: string) {
    this.#folder = folder
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#refill()
  }

  /** Null where there are no named pipes. */
  take(): OutputPipe | null {
    const path = this.#available ? this.#ready.pop() ?? this.#makeOne() : null
    this.#refill()
    return path === null ? null : openPipe(path)
  }

  #makeOne(): string | null {
    const [path = ''] = this.#paths(1)
    return spawnSync('mkfifo', ['-m', '600', path]).status === 0 ? path : null
  }

  #refill(): void {
    if (!this.#available || this.#ready.length > STOCK / 2) return
    const paths = this.#paths(STOCK)
    const child = spawn('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' })
    child.on('error', () => { this.#available = false })
    child.on('exit', code => {
      if (code === 0) this.#ready.push(...paths)
      else this.#available = false
    })
  }

  #paths(count: number): string[] {
    return Array.from({ length: count }, () => join(this.#folder, String(this.#made++)))
  }
}

function openPipe(path: string): OutputPipe {
  // Non-blocking, the reading end opens without a writer; and then the writing end finds its reader.
  const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY)
  rmSync(path)
  return { reader: new Socket({ fd: reading, readable: true, writable: false }), writer }
}

export function closeWriter(pipe: OutputPipe): void {
  closeSync(pipe.writer)
}
