import type { Clock } from '@yardmaster/runtime'

/** Calls each member once per period, spread over it, with one timer for all of them. */
export class Wheel {
  readonly #slots: Set<() => void>[]
  readonly #clock: Clock
  readonly #stepMs: number
  #at = 0
  #next = 0
  #cancel: () => void

  constructor(clock: Clock, { periodMs, stepMs }: { periodMs: number; stepMs: number }) {
    this.#slots = Array.from({ length: Math.round(periodMs / stepMs) }, () => new Set())
    this.#clock = clock
    this.#stepMs = stepMs
    this.#cancel = clock.setTimeout(() => this.#step(), stepMs)
  }

  /** The answer ends it. */
  add(member: () => void): () => void {
    const slot = this.#slots[this.#next]
    this.#next = (this.#next + 1) % this.#slots.length
    slot?.add(member)
    return () => void slot?.delete(member)
  }

  close(): void {
    this.#cancel()
  }

  #step(): void {
    this.#cancel = this.#clock.setTimeout(() => this.#step(), this.#stepMs)
    const slot = this.#slots[this.#at]
    this.#at = (this.#at + 1) % this.#slots.length
    for (const member of slot ?? []) member()
  }
}
