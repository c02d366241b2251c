import { statSync, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { Clock } from '@yardmaster/runtime'
import type { LineSplitter } from '../lines.js'

const POLL_MS = 500
const CHUNK = 64 * 1024

export type LogfileOptions = { path: string; follow: boolean; lines: LineSplitter; clock: Clock; room: () => Promise<void>; onBytes: () => void }

/**
 * Sends what a command writes to a file. By polling: fs.watch misses files that are replaced, or on a network. With `follow` it begins at
 * the end that the file had before the command started; else at the file's start, but not before the file has changed: an old file is not this command's.
 */
export class LogfileWatcher {
  readonly #options: LogfileOptions
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  #before: Stats | null
  #inode: number | null
  #position: number

  /** To be made before the command is started. */
  constructor(options: LogfileOptions) {
    this.#options = options
    this.#before = statSync(options.path, { throwIfNoEntry: false }) ?? null
    this.#inode = this.#before?.ino ?? null
    this.#position = options.follow ? this.#before?.size ?? 0 : 0
    this.#done = this.#run()
  }

  /** Reads what is there now, and ends. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { clock, lines } = this.#options
    while (!this.#stop.signal.aborted) {
      await clock.sleep(POLL_MS, this.#stop.signal).catch(() => {})
      await this.#poll()
    }
    lines.end()
  }

  async #poll(): Promise<void> {
    const { path, follow } = this.#options
    const now = await stat(path).catch(() => null)
    if (now === null || !now.isFile()) {
      this.#before = null
      this.#inode = null
      return
    }
    if (!follow && this.#before !== null && isUnchanged(this.#before, now)) return
    this.#before = null
    if (now.ino !== this.#inode || now.size < this.#position) this.#position = 0
    this.#inode = now.ino
    if (now.size > this.#position) await this.#read(now.size).catch(() => {})
  }

  /** Up to the size that it has now: who still writes to it must not hold up the command's end. */
  async #read(size: number): Promise<void> {
    const file = await open(this.#options.path)
    try {
      while (this.#position < size) {
        await this.#options.room()
        const buffer = Buffer.allocUnsafe(Math.min(CHUNK, size - this.#position))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#position)
        if (bytesRead === 0) return
        this.#position += bytesRead
        this.#options.lines.write(buffer.subarray(0, bytesRead))
        this.#options.onBytes()
      }
    } finally {
      await file.close()
    }
  }
}

function isUnchanged(before: Stats, now: Stats): boolean {
  return before.ino === now.ino && before.size === now.size && before.mtimeMs === now.mtimeMs
}
