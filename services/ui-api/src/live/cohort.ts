import type { EventBatch } from '@yardmaster/bus'
import type { Database } from '@yardmaster/db'
import { toldBy, type Told } from './event-paths.js'
import type { Listener } from './listener.js'
import { loadMessages } from './load-messages.js'
import { Message } from './message.js'
import { endOf, isBehind, textOf, type Place } from './place.js'
import { Subscriptions } from './subscriptions.js'

type Member = { patterns: Set<string>; /** Where it goes on: what is before it has it already. */ from: Place | null }
/** An event that somebody listens to; its messages are counted from `index`. */
type Wanted = { told: Told; sequence: number; index: number }

/** Listeners who have read equally far. */
export class Cohort {
  readonly members = new Map<Listener, Member>()
  /** The last batch that they have. */
  cursor: number
  readonly #subscriptions = new Subscriptions()
  #late = 0

  constructor(cursor: number) {
    this.cursor = cursor
  }

  add(listener: Listener, patterns: Iterable<string>, from: Place | null): void {
    this.members.set(listener, { patterns: new Set(patterns), from })
    if (from) this.#late += 1
    for (const pattern of patterns) this.#subscriptions.add(pattern, listener)
  }

  listen(listener: Listener, pattern: string): void {
    this.members.get(listener)?.patterns.add(pattern)
    this.#subscriptions.add(pattern, listener)
  }

  unlisten(listener: Listener, pattern: string): void {
    this.members.get(listener)?.patterns.delete(pattern)
    this.#subscriptions.remove(pattern, listener)
  }

  remove(listener: Listener): Member | undefined {
    const member = this.members.get(listener)
    if (!member) return undefined
    this.members.delete(listener)
    if (member.from) this.#late -= 1
    for (const pattern of member.patterns) this.#subscriptions.remove(pattern, listener)
    return member
  }

  /** How far this one is. */
  placeOf(listener: Listener, incarnation: string): string {
    const from = this.members.get(listener)?.from
    return textOf(from && from.done >= this.cursor ? from : { incarnation, done: this.cursor, more: 0 })
  }

  /** What follows: rows are read once for all, and everybody gets what they listen to. Rejects, with nothing sent, when the rows cannot be read. */
  async read(batches: readonly EventBatch[], db: Database): Promise<void> {
    const wanted = this.#wanted(batches)
    const last = batches.at(-1)
    if (wanted.length > 0) {
      const stateOf = await loadMessages(db, wanted.map(({ told }) => told))
      this.#send(wanted, stateOf, last?.incarnation ?? '')
    }
    this.cursor = last?.sequence ?? this.cursor
    this.#forgetLate()
  }

  #wanted(batches: readonly EventBatch[]): Wanted[] {
    const wanted: Wanted[] = []
    if (this.members.size === 0) return wanted
    for (const { sequence, envelopes } of batches) {
      let index = 1
      for (const envelope of envelopes) {
        const told = toldBy(envelope)
        if (!told) continue
        if (told.paths.some(path => this.#subscriptions.listenersOf(path).size > 0)) wanted.push({ told, sequence, index })
        index += told.paths.length
      }
    }
    return wanted
  }

  #send(wanted: readonly Wanted[], stateOf: (told: Told) => string | undefined, incarnation: string): void {
    const touched = new Set<Listener>()
    for (const { told, sequence, index } of wanted) {
      const state = stateOf(told)
      if (state === undefined) continue
      for (const [offset, path] of told.paths.entries()) {
        const at = { sequence, index: index + offset }
        const message = new Message(path, state, textOf({ incarnation, done: sequence - 1, more: at.index }))
        for (const listener of this.#subscriptions.listenersOf(path)) {
          if (this.#late > 0 && this.#has(listener, at)) continue
          listener.send(message)
          touched.add(listener)
        }
      }
    }
    for (const listener of touched) listener.flush()
  }

  #has(listener: Listener, { sequence, index }: { sequence: number; index: number }): boolean {
    const from = this.members.get(listener)?.from
    return from !== null && from !== undefined && isBehind(from, sequence, index)
  }

  #forgetLate(): void {
    if (this.#late === 0) return
    for (const member of this.members.values()) {
      if (!member.from || endOf(member.from) > this.cursor) continue
      member.from = null
      this.#late -= 1
    }
  }
}
