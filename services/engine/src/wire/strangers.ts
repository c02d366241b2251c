import type { Socket } from 'node:net'
import type { Clock } from '@yardmaster/runtime'

/** For all that a stranger has to say: one request. */
const PATIENCE_MS = 10_000
/** For the answer to be read. */
const FAREWELL_MS = 1_000
/** A whole fleet that comes back at once finds room; what is beyond it would be somebody's nonsense. */
const MOST = 2_048

type StrangersOptions = { most?: number; /** One has waited all its time for us to speak first; where it comes from. */ onSilent?: (from: string | undefined) => void }

/**
 * Connections that have not shown yet that they are of a worker: bounded in time, whatever they send or do not send, and in number. When
 * there are too many the oldest goes: a worker has shown itself within milliseconds.
 */
export class Strangers {
  readonly #clock: Clock
  readonly #most: number
  readonly #onSilent: (from: string | undefined) => void
  /** What cancels their end, oldest first. */
  readonly #cancels = new Map<Socket, () => void>()

  constructor(clock: Clock, { most = MOST, onSilent = () => {} }: StrangersOptions = {}) {
    this.#clock = clock
    this.#most = most
    this.#onSilent = onSilent
  }

  meet(socket: Socket): void {
    this.#endLater(socket, PATIENCE_MS, () => socket.bytesRead === 0 && this.#onSilent(socket.remoteAddress))
    socket.once('close', () => this.know(socket))
    const [oldest] = this.#cancels.keys()
    if (this.#cancels.size > this.#most) oldest?.destroy()
  }

  /** It is a worker. */
  know(socket: Socket): void {
    this.#cancels.get(socket)?.()
    this.#cancels.delete(socket)
  }

  /** It was told that it is none: the connection does not wait for it to hang up. */
  part(socket: Socket): void {
    if (!socket.destroyed) this.#endLater(socket, FAREWELL_MS)
  }

  /** Nobody is waited for any more. */
  close(): void {
    for (const [socket, cancel] of this.#cancels) {
      cancel()
      socket.destroy()
    }
    this.#cancels.clear()
  }

  #endLater(socket: Socket, ms: number, before?: () => void): void {
    this.#cancels.get(socket)?.()
    this.#cancels.set(socket, this.#clock.setTimeout(() => {
      before?.()
      socket.destroy()
    }, ms))
  }
}
