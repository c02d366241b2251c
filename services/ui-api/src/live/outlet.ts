import type { Message } from './message.js'

/** A connection, as it is written to. */
export type Wire = {
  write(message: Message): void
  /** Bytes that were written and not taken by the network yet. */
  buffered(): number
  /** What is written until `uncork` goes out together. */
  cork(): void
  uncork(): void
}

/** A client that has so much to take is not given more for now, bytes. */
const enoughBuffered = 64 * 1024
/** What may wait for a client, bytes. */
const mostWaiting = 1024 * 1024

/**
 * What a connection gets, in order and bounded: while the client does not take it, messages wait here, and a later one of the same path
 * (the same event of the same row, so its state is newer) takes the place of one that waits.
 */
export class Outlet {
  readonly #wire: Wire
  readonly #waiting = new Map<string, Message>()
  #waitingBytes = 0
  #corked = false
  /** The last message that was written. */
  place: string | null = null

  constructor(wire: Wire) {
    this.#wire = wire
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0
  }

  /** False: more waits than may; the connection is to be ended. */
  send(message: Message): boolean {
    if (this.isIdle && this.#wire.buffered() < enoughBuffered) {
      this.#write(message)
      return true
    }
    const older = this.#waiting.get(message.path)
    if (older) this.#forget(older)
    this.#waiting.set(message.path, message)
    this.#waitingBytes += message.size
    return this.#waitingBytes <= mostWaiting
  }

  flush(): void {
    if (this.#corked) this.#wire.uncork()
    this.#corked = false
  }

  /** The client has taken what was written. */
  drained(): void {
    for (const message of this.#waiting.values()) {
      if (this.#wire.buffered() >= enoughBuffered) break
      this.#forget(message)
      this.#write(message)
    }
    this.flush()
  }

  clear(): void {
    this.#waiting.clear()
    this.#waitingBytes = 0
  }

  #write(message: Message): void {
    if (!this.#corked) this.#wire.cork()
    this.#corked = true
    this.#wire.write(message)
    if (message.place !== null) this.place = message.place
  }

  #forget(message: Message): void {
    this.#waiting.delete(message.path)
    this.#waitingBytes -= message.size
  }
}
