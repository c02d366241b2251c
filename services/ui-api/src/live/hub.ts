import type { Bus, EventSubscription } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import type { Envelope } from '@yardmaster/domain'
import type { Clock, Logger } from '@yardmaster/runtime'
import { toldBy, type Told } from './event-paths.js'
import { loadMessages } from './load-messages.js'
import { Subscriptions, type Listener } from './subscriptions.js'

export type HubOptions = { db: Database; events: Pick<Bus, 'subscribeEvents'>; clock: Clock; logger: Logger }

/** More than this waiting to be loaded: the database cannot follow, and everybody begins anew. */
const mostPending = 50_000
const retryMs = 250

/**
 * The events of the installation for all clients of this replica: read once, rows loaded only for what somebody listens to,
 * one query per kind for all that gathered while the queries before were under way.
 */
export class Hub {
  readonly #options: HubOptions
  readonly #subscriptions = new Subscriptions()
  readonly #events: EventSubscription
  readonly #abort = new AbortController()
  #pending: Told[] = []
  #draining: Promise<void> | null = null

  constructor(options: HubOptions) {
    this.#options = options
    this.#events = options.events.subscribeEvents({ from: 'new', onBatch: batch => this.#take(batch.envelopes), onResync: () => this.#endAll('events were missed') })
  }

  /** Resolves when what is committed from now on will be heard. */
  get ready(): Promise<void> {
    return this.#events.ready
  }

  /** From here on the listener gets what the pattern matches. */
  listen(pattern: string, listener: Listener): void {
    this.#subscriptions.add(pattern, listener)
  }

  unlisten(pattern: string, listener: Listener): void {
    this.#subscriptions.remove(pattern, listener)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.#endAll('the server is stopping')
    await this.#events.close()
    await this.#draining
  }

  #take(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      const told = toldBy(envelope)
      if (told?.paths.some(path => this.#subscriptions.listenersOf(path).size > 0)) this.#pending.push(told)
    }
    if (this.#pending.length > mostPending) {
      this.#pending = []
      this.#endAll('more events than can be loaded')
    }
    if (this.#pending.length > 0) this.#draining ??= this.#drain().finally(() => { this.#draining = null })
  }

  async #drain(): Promise<void> {
    const { clock, logger } = this.#options
    while (this.#pending.length > 0 && !this.#abort.signal.aborted) {
      const told = this.#pending
      this.#pending = []
      try {
        await this.#deliver(told)
      } catch (error) {
        // Nothing was sent of it: it goes first when the database is back.
        this.#pending = [...told, ...this.#pending]
        logger.warn({ err: error, waiting: this.#pending.length }, 'rows for live events could not be read')
        await clock.sleep(retryMs, this.#abort.signal).catch(() => {})
      }
    }
  }

  async #deliver(told: readonly Told[]): Promise<void> {
    const messageOf = await loadMessages(this.#options.db, told)
    for (const one of told) {
      const message = messageOf(one)
      if (message === undefined) continue
      for (const path of one.paths) {
        for (const listener of this.#subscriptions.listenersOf(path)) listener.send({ path, message })
      }
    }
  }

  #endAll(reason: string): void {
    for (const listener of this.#subscriptions.all()) listener.end(reason)
  }
}
