import type { Journal } from './journal.js'
import { SHARED_LIMITS, SharedRoom } from './shared-room.js'

/** `bytes` null: kept in the journal. */
type Entry = { size: number; bytes: Buffer | null }

export type OutboxLimits = { memoryBytes: number; totalBytes: number }

/** Per command: 8 MiB in memory, then the disk, and at 64 MiB the command's pipe is not read any more. */
export const OUTBOX_LIMITS: OutboxLimits = { memoryBytes: 8 * 1024 * 1024, totalBytes: 64 * 1024 * 1024 }

/**
 * The messages of one command that are not acknowledged yet, in order: numbered 1, 2, 3..., `taken` the last one that was given to the
 * present connection. Nothing is ever dropped but by `ack` and `discard`; who fills it stops while it is full.
 */
export class Outbox {
  readonly #command: string
  readonly #journal: Journal
  readonly #limits: OutboxLimits
  readonly #shared: SharedRoom
  #entries: Entry[] = []
  #acknowledged = 0
  #taken = 0
  #inMemory = 0
  #total = 0
  #waiting: (() => void)[] = []
  #discarded = false

  constructor(command: string, journal: Journal, limits: OutboxLimits = OUTBOX_LIMITS, shared: SharedRoom = new SharedRoom(SHARED_LIMITS)) {
    this.#command = command
    this.#journal = journal
    this.#limits = limits
    this.#shared = shared
  }

  get lastSeq(): number {
    return this.#acknowledged + this.#entries.length
  }

  get full(): boolean {
    return !this.#discarded && (this.#total >= this.#limits.totalBytes || this.#shared.full)
  }

  /** Adds what `encode` makes of the next number; `offer` may send it before it is decided where it is kept. */
  add(encode: (seq: number) => Buffer, offer: () => void): void {
    if (this.#discarded) return
    const seq = this.lastSeq + 1
    const bytes = encode(seq)
    const entry: Entry = { size: bytes.length, bytes }
    this.#entries.push(entry)
    this.#total += entry.size
    this.#inMemory += entry.size
    this.#shared.take(entry.size)
    offer()
    if (this.#inMemory > this.#limits.memoryBytes || this.#shared.memoryFull) this.#moveToDisk(seq, entry)
  }

  #moveToDisk(seq: number, entry: Entry): void {
    if (entry.bytes === null) return
    try {
      this.#journal.keep(this.#command, seq, entry.bytes)
    } catch {
      // A full disk: it stays in memory, which the total bounds as well.
      return
    }
    entry.bytes = null
    this.#inMemory -= entry.size
    this.#shared.movedToDisk(entry.size)
  }

  /** The next message that this connection has not had, or null. */
  take(): Buffer | null {
    const entry = this.#entries[this.#taken - this.#acknowledged]
    if (entry === undefined) return null
    this.#taken++
    return entry.bytes ?? this.#journal.read(this.#command, this.#taken)
  }

  /** A new connection goes on after `seq`. What is acknowledged is gone, so never before that. */
  rewind(seq: number): void {
    this.ack(seq)
    this.#taken = this.#acknowledged
  }

  /** Everything up to `seq` is committed. */
  ack(seq: number): void {
    const count = Math.min(seq - this.#acknowledged, this.#entries.length)
    if (count <= 0) return
    for (const [index, entry] of this.#entries.slice(0, count).entries()) {
      this.#total -= entry.size
      this.#shared.give(entry.size, entry.bytes === null ? 'disk' : 'memory')
      if (entry.bytes === null) this.#journal.drop(this.#command, this.#acknowledged + 1 + index)
      else this.#inMemory -= entry.size
    }
    this.#entries.splice(0, count)
    this.#acknowledged += count
    this.#taken = Math.max(this.#taken, this.#acknowledged)
    if (this.#total < this.#limits.totalBytes * 0.75) for (const go of this.#waiting.splice(0)) go()
  }

  /** Nobody wants its messages any more: these, and all to come, are dropped, and it is never full. */
  discard(): void {
    this.ack(this.lastSeq)
    this.#discarded = true
  }

  /** Resolves when it is worth filling it again. */
  async room(): Promise<void> {
    while (this.full) {
      if (this.#total >= this.#limits.totalBytes) await new Promise<void>(resolve => this.#waiting.push(resolve))
      else await this.#shared.room()
    }
  }
}
