import { exitCodes, type Clock } from '@yardmaster/runtime'
import { describeEnding, killGroup, signalProcess, type Ending, type ProcessIdentity } from '../local/index.js'
import { messageOf } from '../problem.js'

/** A process that is up and serving. */
export type Running = { identity: ProcessIdentity; ended: Promise<Ending>; stop(): Promise<void> }

export type KeeperOptions = {
  name: string
  /** Resolves when the process serves; rejects when it ended instead. */
  start(): Promise<Running>
  clock: Clock
  tell(text: string): void
}

const shortestPauseMs = 200
const longestPauseMs = 10_000
const forgivenAfterMs = 30_000
const killAfterMs = 1_000

/**
 * Keeps one process running: what ends unasked is started again, after a pause that doubles from 0.2 s to 10 s and is
 * short again once the process has lived for 30 s. Exit code 75 asks for a start at once: the replica was buried by its peers.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #stopping = new AbortController()
  #running: Running | null = null
  #pauseMs = shortestPauseMs
  #kept: Promise<void> = Promise.resolve()

  constructor(options: KeeperOptions) {
    this.#options = options
  }

  /** Resolves when it serves for the first time; that it failed to is the caller's to handle. */
  async start(): Promise<void> {
    const running = await this.#options.start()
    this.#running = running
    this.#kept = this.#keep(running)
  }

  /** Orderly; resolves when the process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running?.stop()
    await this.#kept
  }

  /** At once: a second SIGTERM, at which a worker still kills what it runs, then SIGKILL. */
  kill(): void {
    this.#stopping.abort()
    const identity = this.#running?.identity
    if (identity === undefined) return
    signalProcess(identity, 'SIGTERM')
    this.#options.clock.setTimeout(() => killGroup(identity), killAfterMs)
  }

  async #keep(first: Running): Promise<void> {
    const { clock, name, tell } = this.#options
    for (let running: Running | null = first; running !== null; running = await this.#startAgain()) {
      this.#running = running
      const since = clock.monotonic()
      // Stopped while it was starting again: nobody else knows of it yet.
      if (this.#stopping.signal.aborted) await running.stop()
      const ending = await running.ended
      this.#running = null
      if (this.#stopping.signal.aborted) return
      if (clock.monotonic() - since >= forgivenAfterMs) this.#pauseMs = shortestPauseMs
      if (ending.code === exitCodes.buried) this.#pauseMs = 0
      tell(`${name} ended (${describeEnding(ending)}); starting it again${this.#pauseMs === 0 ? '' : ` in ${this.#pauseMs / 1000} s`}`)
    }
  }

  async #startAgain(): Promise<Running | null> {
    const { clock, name, tell, start } = this.#options
    while (!this.#stopping.signal.aborted) {
      const pauseMs = this.#pauseMs
      this.#pauseMs = Math.min(Math.max(pauseMs * 2, shortestPauseMs), longestPauseMs)
      try {
        await clock.sleep(pauseMs, this.#stopping.signal)
        const running = await start()
        tell(`${name} is running again`)
        return running
      } catch (error) {
        if (!this.#stopping.signal.aborted) tell(`${name} could not be started: ${messageOf(error)}; trying again in ${this.#pauseMs / 1000} s`)
      }
    }
    return null
  }
}
