import { EventsGone, type Bus, type EventBatch, type EventPosition, type EventSubscription } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import { countsPath } from '@yardmaster/rest'
import type { Clock, Logger } from '@yardmaster/runtime'
import { readCounts } from '../http/yard/read-counts.js'
import { Cohort } from './cohort.js'
import { Counts } from './counts.js'
import type { Listener } from './listener.js'
import { endOf, readPlace, textOf, type Place } from './place.js'
import { RecentBatches } from './recent-batches.js'
import { Wheel } from './wheel.js'

export type HubOptions = { db: Database; events: Pick<Bus, 'subscribeEvents' | 'history'>; clock: Clock; logger: Logger }

/** Events that are kept here; who is further behind gets them from JetStream. */
const mostRecent = 32_768
/** Batches that are replayed at most; who is further behind begins anew. */
const mostBehind = 20_000
/** How much is read and sent at once. */
const [eventsAtOnce, batchesAtOnce] = [2_000, 256]
/** Groups that catch up beside each other. Whoever comes then waits, and goes with all who wait. */
const mostLate = 3
const retryMs = 250

/** Not a place in any stream. */
const nowhere: Place = { incarnation: '', done: 0, more: 0 }

type Boarding = { listener: Listener; patterns: Set<string>; from: Place | null }

/**
 * The events of the installation for all clients of this replica: read once, rows loaded only for what somebody listens to, one query per
 * kind for all that gathered while the queries before were under way. Who comes back at an older place catches up together with others
 * that do, from what is kept here or in JetStream, and then joins those who are at the present. A message has its row's present state,
 * which may be later than the event; within one connection a row never goes back.
 */
export class Hub {
  /** Resolves when what is committed from now on will be heard. */
  readonly ready: Promise<void>
  /** Connections are kept alive by it, and dead ones noticed. */
  readonly heartbeats: Wheel
  /** Whether who listens may still do so is asked so often. */
  readonly rights: Wheel
  readonly #options: HubOptions
  readonly #events: EventSubscription
  readonly #abort = new AbortController()
  readonly #recent = new RecentBatches(mostRecent)
  readonly #counts: Counts
  readonly #live = new Cohort(0)
  readonly #late = new Set<Cohort>()
  readonly #boarding = new Map<Listener, Boarding>()
  readonly #cohorts = new Map<Listener, Cohort>()
  #incarnation: string | null = null
  #missed: EventPosition | null = null
  #running: Promise<void> | null = null

  constructor(options: HubOptions) {
    this.#options = options
    this.#counts = new Counts({ ...options, read: () => readCounts(options.db) })
    this.heartbeats = new Wheel(options.clock, { periodMs: 15_000, stepMs: 1_000 })
    this.rights = new Wheel(options.clock, { periodMs: 3_000, stepMs: 500 })
    this.#events = options.events.subscribeEvents({ from: 'new', onBatch: batch => this.#take(batch), onResync: at => this.#resync(at) })
    this.ready = this.#events.ready.then(() => {
      const at = this.#events.position()
      if (at) this.#begin(at)
      this.#go()
    })
  }

  /** The listener is told when it has joined: at `after`, if all that followed it is kept, or else at the present. */
  join(listener: Listener, patterns: Iterable<string>, after: string | null = null): void {
    const boarding = { listener, patterns: new Set(patterns), from: after === null ? null : (readPlace(after) ?? nowhere) }
    if (boarding.from === null && this.#incarnation !== null) return this.#joinLive(boarding)
    this.#boarding.set(listener, boarding)
    this.#go()
  }

  /** From here on it gets what this pattern matches, too. */
  listen(listener: Listener, pattern: string): void {
    const boarding = this.#boarding.get(listener)
    if (boarding) boarding.patterns.add(pattern)
    else this.#cohorts.get(listener)?.listen(listener, pattern)
    if (!boarding && pattern === countsPath) this.#counts.add(listener)
  }

  unlisten(listener: Listener, pattern: string): void {
    this.#boarding.get(listener)?.patterns.delete(pattern)
    this.#cohorts.get(listener)?.unlisten(listener, pattern)
    if (pattern === countsPath) this.#counts.remove(listener)
  }

  leave(listener: Listener): void {
    this.#boarding.delete(listener)
    this.#counts.remove(listener)
    this.#cohorts.get(listener)?.remove(listener)
    this.#cohorts.delete(listener)
  }

  /** How far it has read, whether it listened to something there or not; null: it has not joined yet. */
  placeOf(listener: Listener): string | null {
    return this.#cohorts.get(listener)?.placeOf(listener, this.#incarnation ?? '') ?? null
  }

  async close(): Promise<void> {
    this.#abort.abort()
    this.heartbeats.close()
    this.rights.close()
    this.#counts.close()
    for (const listener of [...this.#boarding.keys(), ...this.#cohorts.keys()]) listener.end('stopping')
    await this.#events.close()
    await this.#running
  }

  #begin({ incarnation, sequence }: EventPosition): void {
    if (this.#incarnation !== null) return
    this.#incarnation = incarnation
    this.#live.cursor = sequence
    this.#recent.clear(sequence)
  }

  #take(batch: EventBatch): void {
    this.#begin({ incarnation: batch.incarnation, sequence: batch.sequence - 1 })
    this.#recent.add(batch)
    this.#counts.take(batch)
    this.#go()
  }

  #resync(at: EventPosition): void {
    this.#recent.clear(at.sequence)
    this.#counts.doubt()
    this.#missed = at
    this.#go()
  }

  #hasWork(): boolean {
    if (this.#incarnation === null || this.#abort.signal.aborted) return false
    return this.#missed !== null || this.#boarding.size > 0 || this.#late.size > 0 || this.#live.cursor < this.#recent.last
  }

  #go(): void {
    if (this.#running || !this.#hasWork()) return
    this.#running = this.#run().finally(() => {
      this.#running = null
      this.#go()
    })
  }

  /** One thing after the other: whoever joins a cohort does so between its reads, and what it gets was read later than what it got. */
  async #run(): Promise<void> {
    while (this.#hasWork()) {
      this.#beginAnew()
      await this.#board()
      for (const cohort of [this.#live, ...this.#late]) await this.#advance(cohort)
      for (const cohort of this.#late) if (cohort.cursor >= this.#live.cursor) this.#bringToPresent(cohort)
    }
  }

  /** After events were lost. */
  #beginAnew(): void {
    const at = this.#missed ?? (this.#recent.last - this.#live.cursor > mostBehind ? { incarnation: this.#incarnation ?? '', sequence: this.#recent.last } : null)
    if (!at) return
    this.#missed = null
    this.#options.logger.warn(at, 'live events were missed: clients read anew')
    this.#incarnation = at.incarnation
    this.#live.cursor = at.sequence
    for (const cohort of this.#late) this.#bringToPresent(cohort)
    for (const listener of this.#cohorts.keys()) this.#tellMissed(listener)
  }

  #tellMissed(listener: Listener): void {
    const member = this.#live.remove(listener)
    if (member) this.#live.add(listener, member.patterns, null)
    listener.missed(this.#live.placeOf(listener, this.#incarnation ?? ''))
  }

  async #board(): Promise<void> {
    const boarders = [...this.#boarding.values()].sort((one, other) => (one.from?.done ?? 0) - (other.from?.done ?? 0))
    const last = await this.#lastStored(boarders)
    for (const boarder of boarders) if (this.#boarding.has(boarder.listener)) this.#place(boarder, last)
  }

  /** The other replica, where a client was, may have read further. */
  async #lastStored(boarders: readonly Boarding[]): Promise<number> {
    const known = this.#recent.last
    if (!boarders.some(({ from }) => from?.incarnation === this.#incarnation && endOf(from) > known)) return known
    try {
      return (await this.#options.events.history.bounds()).last
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the end of the event stream is not known; what clients say of it is believed')
      return Infinity
    }
  }

  #place(boarder: Boarding, last: number): void {
    const { from } = boarder
    if (from === null) return this.#joinLive(boarder)
    if (from.incarnation !== this.#incarnation || endOf(from) > last || this.#live.cursor - from.done > mostBehind) return this.#joinLive({ ...boarder, from: null }, true)
    if (from.done >= this.#live.cursor) return this.#joinLive(boarder)
    let cohort = [...this.#late].find(({ cursor }) => cursor <= from.done)
    if (!cohort && this.#late.size >= mostLate) return
    cohort ??= new Cohort(from.done)
    this.#late.add(cohort)
    this.#joinCohort(cohort, boarder, false)
  }

  #joinLive(boarder: Boarding, resync = false): void {
    this.#joinCohort(this.#live, boarder, resync)
  }

  #joinCohort(cohort: Cohort, { listener, patterns, from }: Boarding, resync: boolean): void {
    this.#boarding.delete(listener)
    this.#cohorts.set(listener, cohort)
    cohort.add(listener, patterns, from)
    listener.joined({ place: from ? textOf(from) : cohort.placeOf(listener, this.#incarnation ?? ''), resync })
    if (patterns.has(countsPath)) this.#counts.add(listener)
  }

  async #advance(cohort: Cohort): Promise<void> {
    const end = cohort === this.#live ? this.#recent.last : this.#live.cursor
    if (cohort.cursor >= end) return
    const { db, logger, clock } = this.#options
    try {
      await cohort.read(await this.#after(cohort.cursor, end), db)
    } catch (error) {
      if (error instanceof EventsGone) return this.#lose(cohort, error)
      // Nothing was sent of it: it goes first when the database is back.
      logger.warn({ err: error, waiting: end - cohort.cursor }, 'rows for live events could not be read')
      await clock.sleep(retryMs, this.#abort.signal).catch(() => {})
    }
  }

  async #after(cursor: number, end: number): Promise<EventBatch[]> {
    if (cursor + 1 >= this.#recent.first) return this.#recent.after(cursor, eventsAtOnce).filter(({ sequence }) => sequence <= end)
    const count = Math.min(batchesAtOnce, end - cursor, this.#recent.first - 1 - cursor)
    const batches = await this.#options.events.history.readAfter({ incarnation: this.#incarnation ?? '', sequence: cursor }, count)
    if (batches.length === 0) throw new Error(`JetStream did not answer with what follows event ${cursor}`)
    return batches
  }

  #lose(cohort: Cohort, reason: EventsGone): void {
    this.#options.logger.info({ reason: reason.message, clients: cohort.members.size }, 'live events are not kept any more: clients read anew')
    if (cohort === this.#live) return void (this.#missed ??= { incarnation: this.#incarnation ?? '', sequence: this.#recent.last })
    const listeners = [...cohort.members.keys()]
    this.#bringToPresent(cohort)
    for (const listener of listeners) this.#tellMissed(listener)
  }

  #bringToPresent(cohort: Cohort): void {
    this.#late.delete(cohort)
    for (const listener of cohort.members.keys()) {
      const member = cohort.remove(listener)
      if (!member) continue
      this.#live.add(listener, member.patterns, member.from)
      this.#cohorts.set(listener, this.#live)
    }
  }
}
