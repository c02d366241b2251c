import type { Clock, Logger } from '@yardmaster/runtime'
import { CLOSE_PROTOCOL_ERROR, decodeWorkerMessage, encode, ProtocolError, type EngineMessage, type WorkerMessage } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'

export const KEEPALIVE_MS = 10_000
/** Silence after which the connection counts as dead. */
const SILENCE_MS = 30_000
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
  close(code: number, reason: string): void
  /** Ends the connection without waiting for the other side. */
  drop(why: string): void
}

/** One connection of a worker: messages in and out, and the watch over its silence. */
export class WorkerLink implements Link {
  readonly protocol = 'yardmaster'
  readonly #options: WorkerLinkOptions
  #heardAt: number
  #pings = 0
  #cancelTimer = () => {}
  #closed = false
  #paused = false

  constructor(options: WorkerLinkOptions) {
    this.#options = options
    this.#heardAt = options.clock.monotonic()
    const { socket, logger } = options
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.on('error', error => logger.debug({ err: error }, 'worker connection failed'))
    socket.on('close', () => this.#onClose())
    this.#watch()
  }

  send(message: EngineMessage): void {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) return this.drop('reads too slowly')
    socket.send(encode(message))
  }

  /** Stops or goes on reading: what the worker has to say waits on its side. */
  pause(): void {
    this.#paused = true
    this.#options.socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#heardAt = this.#options.clock.monotonic()
    this.#options.socket.resume()
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
    this.#heardAt = this.#options.clock.monotonic()
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

  #watch(): void {
    this.#cancelTimer = this.#options.clock.setTimeout(() => {
      // Nobody listens while it is paused.
      if (!this.#paused && this.#options.clock.monotonic() - this.#heardAt > SILENCE_MS) return this.drop(`silent for ${SILENCE_MS} ms`)
      this.send({ type: 'ping', n: ++this.#pings })
      this.#watch()
    }, KEEPALIVE_MS)
  }

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer()
    this.#options.onClose()
  }
}
