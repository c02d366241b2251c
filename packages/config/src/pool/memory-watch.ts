import type { Timer } from '../host/evaluate.js'
import { mostBytes } from '../host/thread.js'

const EVERY_MS = 100

type Watched = { ask: () => void; takesTooMuch: (reason: string) => void; timer: Timer; resident: () => number }

/**
 * Ends a thread that takes memory and never waits, by the growth of the whole process since its last sign of life. A thread that still answers tells itself
 * when it has too much. Node's own limit is a last resort far above: beyond it a thread may take the process down with it.
 */
export class MemoryWatch {
  private resident: number
  private asked = false
  private cancel = (): void => undefined

  constructor(private readonly watched: Watched) {
    this.resident = watched.resident()
  }

  start(): void {
    this.stop()
    this.alive()
    const next = (): void => { this.cancel = this.watched.timer(() => { this.look(); next() }, EVERY_MS) }
    next()
  }

  stop(): void {
    this.cancel()
  }

  /** The thread has said something. */
  alive(): void {
    this.asked = false
    this.resident = this.watched.resident()
  }

  private look(): void {
    const more = this.watched.resident() - this.resident
    if (more < mostBytes) return
    if (this.asked) return this.watched.takesTooMuch(tooMuch(more))
    // Another thread may be the one.
    this.asked = true
    this.watched.ask()
  }
}

export const tooMuch = (bytes: number): string => `took ${Math.round(bytes / 1024 / 1024)} MiB of memory, more than the ${mostBytes / 1024 / 1024} MiB that a configuration may take`
