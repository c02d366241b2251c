import type { GroupCommit } from '@yardmaster/db'
import type { WorkerSession } from '../workers/worker-session.js'

const HIGH_BYTES = 16 * 1024 * 1024
const LOW_BYTES = 4 * 1024 * 1024

/** Workers print faster than a database can write: beyond a bound their connections are not read until it has caught up. */
export class Pressure {
  readonly #commit: Pick<GroupCommit, 'queuedBytes'>
  readonly #paused = new Set<WorkerSession>()

  constructor(commit: Pick<GroupCommit, 'queuedBytes'>) {
    this.#commit = commit
  }

  /** This worker's output is about to wait. */
  feel(session: WorkerSession): void {
    if (this.#commit.queuedBytes < HIGH_BYTES || !session.link || this.#paused.has(session)) return
    session.link.pause()
    this.#paused.add(session)
  }

  /** Something was written. */
  ease(): void {
    if (this.#paused.size === 0 || this.#commit.queuedBytes > LOW_BYTES) return
    for (const session of this.#paused) session.link?.resume()
    this.#paused.clear()
  }
}
