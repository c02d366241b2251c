import type { GroupCommit } from '@yardmaster/db'
import type { Link } from '../wire/worker-link.js'

const HIGH_BYTES = 16 * 1024 * 1024
const LOW_BYTES = 4 * 1024 * 1024

/** Workers print faster than a database can write: beyond a bound their connections are not read until it has caught up. */
export class Pressure {
  readonly #commit: Pick<GroupCommit, 'queuedBytes' | 'onWritten'>
  /** Connections, not workers: the next connection of a worker is read until it is paused itself. */
  readonly #paused = new Set<Pick<Link, 'pause' | 'resume'>>()

  constructor(commit: Pick<GroupCommit, 'queuedBytes' | 'onWritten'>) {
    this.#commit = commit
    // Whatever was written: what keeps the queue long may be what steps print by themselves, and a paused connection brings nothing that could be.
    commit.onWritten(() => this.#ease())
  }

  /** Output that came over this connection waits to be written. */
  feel(link: Pick<Link, 'pause' | 'resume'>): void {
    if (this.#commit.queuedBytes < HIGH_BYTES || this.#paused.has(link)) return
    link.pause()
    this.#paused.add(link)
  }

  #ease(): void {
    if (this.#paused.size === 0 || this.#commit.queuedBytes > LOW_BYTES) return
    for (const link of this.#paused) link.resume()
    this.#paused.clear()
  }
}
