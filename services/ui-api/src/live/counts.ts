import type { EventBatch } from '@yardmaster/bus'
import { countsPath } from '@yardmaster/rest'
import type { Clock, Logger } from '@yardmaster/runtime'
import type { Listener } from './listener.js'
import { Message } from './message.js'

export type CountsOptions = { read(): Promise<object>; clock: Clock; logger: Logger }

const restMs = 1_000

/**
 * Tells counts of the installation: counted at most once a second for all who listen, and only when something was told that may have
 * changed them. Who begins to listen is told what they are.
 */
export class Counts {
  readonly #options: CountsOptions
  readonly #listeners = new Set<Listener>()
  readonly #untold = new Set<Listener>()
  /** As they were counted last. */
  #last: Message | null = null
  #changed = true
  #busy = false
  #closed = false
  #cancel = () => {}

  constructor(options: CountsOptions) {
    this.#options = options
  }

  /** It has joined. */
  add(listener: Listener): void {
    if (this.#listeners.has(listener)) return
    this.#listeners.add(listener)
    this.#untold.add(listener)
    this.#go()
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener)
    this.#untold.delete(listener)
  }

  take({ envelopes }: EventBatch): void {
    if (envelopes.some(({ type }) => type.startsWith('build.') || type.startsWith('buildrequest.'))) this.doubt()
  }

  /** They may be others. */
  doubt(): void {
    this.#changed = true
    this.#go()
  }

  close(): void {
    this.#closed = true
    this.#cancel()
  }

  #go(): void {
    if (this.#closed || this.#listeners.size === 0) return
    if (!this.#changed) return this.#tell(this.#untold)
    if (this.#busy) return
    this.#busy = true
    void this.#count().finally(() => {
      if (!this.#closed) this.#cancel = this.#options.clock.setTimeout(() => {
        this.#busy = false
        this.#go()
      }, restMs)
    })
  }

  async #count(): Promise<void> {
    this.#changed = false
    try {
      const state = JSON.stringify(await this.#options.read())
      const isNew = state !== this.#last?.state
      if (isNew) this.#last = new Message(countsPath, state, null)
      this.#tell(isNew ? this.#listeners : this.#untold)
    } catch (error) {
      this.#changed = true
      this.#options.logger.warn({ err: error }, 'what runs and waits could not be counted')
    }
  }

  #tell(listeners: ReadonlySet<Listener>): void {
    if (!this.#last || this.#closed) return
    for (const listener of listeners) {
      this.#untold.delete(listener)
      listener.send(this.#last)
      listener.flush()
    }
  }
}
