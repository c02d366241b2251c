import type { Clock, Logger } from '@yardmaster/runtime'
import { CLOSE_PROTOCOL_ERROR, decodeWorkerMessage, encode, ProtocolError, type EngineMessage, type WorkerMessage } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'

/** How often a worker is pinged that runs something: within three times that both sides notice that the other one stands still. */
export const BUSY_PING_MS = 2_000
/** Pings that were not answered by anything, after which the connection counts as dead. */
const MOST_UNANSWERED = 3
/** A worker that reads this slowly is let go; it comes back and resumes. */
const MOST_BUFFERED_BYTES = 64 * 1024 * 1024

export type WorkerLinkOptions = {
  socket: WebSocket
  clock: Clock
  logger: Logger
  /** Rejecting or throwing ends this connection, and no other. */
  onMessage(message: WorkerMessage): void
  onClose(): void
}

/** What the rest of the engine needs of a worker's connection, whatever wire it speaks. */
export type Link = {
  /** A stock worker (msgpack) cannot resume: its commands end with its connection, as far as we can know. */
  readonly protocol: 'yardmaster' | 'msgpack'
  send(message: EngineMessage): void
  pause(): void
  resume(): void
  /** From now on its silence is watched: closely while it is busy, else every `idleMs`. */
  watch(pace: Pace): void
  /** Whether it says anything within that time, being asked to. */
  answers(withinMs: number): Promise<boolean>
  close(code: number, reason: string): void
  /** Ends the connection without waiting for the other side. */
  drop(why: string): void
}

export type Pace = { idleMs: number; busy(): boolean }

/** One connection of a worker: messages in and out, and the watch over its silence. */
export class WorkerLink implements Link {
  readonly protocol = 'yardmaster'
  readonly #options: WorkerLinkOptions
  #pings = 0
  #unanswered = 0
  #pingedAt: number
  /** How soon the worker expects the next ping. */
  #promisedMs = 0
  #cancelTimer = () => {}
  #closed = false
  #paused = false
  #listeners = new Set<(heard: boolean) => void>()

  constructor(options: WorkerLinkOptions) {
    this.#options = options
    this.#pingedAt = options.clock.monotonic()
    const { socket, logger } = options
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.on('error', error => logger.debug({ err: error }, 'worker connection failed'))
    socket.on('close', () => this.#onClose())
  }

  send(message: EngineMessage): void {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) return this.drop('reads too slowly')
    // From what it is to run on, the worker listens closely.
    if (message.type === 'start' || (message.type === 'decide' && message.resume.length > 0)) this.#promisedMs = BUSY_PING_MS
    socket.send(encode(message))
  }

  /** Stops or goes on reading: what the worker has to say waits on its side. */
  pause(): void {
    this.#paused = true
    this.#options.socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#unanswered = 0
    this.#options.socket.resume()
  }

  watch(pace: Pace): void {
    this.#promisedMs = Math.max(this.#promisedMs, pace.idleMs)
    this.#watchLater(pace)
  }

  answers(withinMs: number): Promise<boolean> {
    // What waits unread has come from a worker that lives, or shall be read before it is judged.
    if (this.#paused) return Promise.resolve(true)
    if (this.#closed) return Promise.resolve(false)
    return new Promise(resolve => {
      const settle = (heard: boolean) => {
        cancel()
        this.#listeners.delete(settle)
        resolve(heard)
      }
      const cancel = this.#options.clock.setTimeout(() => settle(false), withinMs)
      this.#listeners.add(settle)
      this.send({ type: 'ping', n: ++this.#pings })
    })
  }

  close(code: number, reason: string): void {
    this.#options.socket.close(code, reason)
  }

  /** Ends the connection without waiting for the other side. */
  drop(why: string): void {
    this.#options.logger.warn({ why }, 'worker connection dropped')
    this.#options.socket.terminate()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard()
    try {
      if (!isBinary) throw new ProtocolError('expected a binary message, found text')
      this.#options.onMessage(decodeWorkerMessage(data))
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        this.#options.logger.error({ err: error }, 'a message of a worker could not be dealt with')
        return this.drop('its message could not be dealt with')
      }
      this.#options.logger.warn({ err: error }, 'a worker broke the protocol; its connection is closed')
      this.close(CLOSE_PROTOCOL_ERROR, error.reason)
    }
  }

  #heard(): void {
    this.#unanswered = 0
    for (const settle of this.#listeners) settle(true)
  }

  #watchLater(pace: Pace): void {
    if (this.#closed) return
    this.#cancelTimer = this.#options.clock.setTimeout(() => this.#look(pace), Math.min(BUSY_PING_MS, pace.idleMs))
  }

  #look(pace: Pace): void {
    const nextMs = pace.busy() ? Math.min(BUSY_PING_MS, pace.idleMs) : pace.idleMs
    const sinceMs = this.#options.clock.monotonic() - this.#pingedAt
    if (nextMs <= BUSY_PING_MS || nextMs !== this.#promisedMs || sinceMs > nextMs - BUSY_PING_MS / 2) {
      // Counted, not timed: a pause of our own is not the worker's silence. Nobody listens while it is paused.
      if (!this.#paused && this.#unanswered >= MOST_UNANSWERED) return this.drop(`${MOST_UNANSWERED} pings were not answered`)
      this.#unanswered += 1
      this.#pingedAt += sinceMs
      this.#promisedMs = nextMs
      this.send({ type: 'ping', n: ++this.#pings, nextMs })
    }
    this.#watchLater(pace)
  }

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer()
    for (const settle of this.#listeners) settle(false)
    this.#options.onClose()
  }
}
