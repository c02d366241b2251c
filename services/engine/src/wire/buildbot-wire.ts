import type { Clock, Logger } from '@yardmaster/runtime'
import { CLOSE_PROTOCOL_ERROR, decodeStock, encodeStock, ProtocolError, type StockMessage } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'
import { SilenceWatch } from './silence-watch.js'
import { MOST_BUFFERED_BYTES } from './worker-link.js'

/** The worker answered a request with an exception of its own. */
export class RefusedByWorker extends Error {
  override readonly name = 'RefusedByWorker'
}

export type BuildbotWireOptions = {
  socket: WebSocket
  clock: Clock
  logger: Logger
  /** Throwing ends this connection, and no other. */
  onUpdate(message: Extract<StockMessage, { op: 'update' | 'complete' | 'upload' }>): void
  onClose(): void
}

type Waiter = { resolve(result: unknown): void; reject(error: Error): void }

/** Requests and answers in both directions over one connection of a stock worker, and the watch over its silence. */
export class BuildbotWire {
  readonly #options: BuildbotWireOptions
  readonly silence: SilenceWatch
  readonly #waiters = new Map<number, Waiter>()
  #next = 0
  #closed = false

  constructor(options: BuildbotWireOptions) {
    this.#options = options
    const { socket, clock, logger } = options
    this.silence = new SilenceWatch({ clock, ping: () => { this.request('keepalive').catch(() => {}) }, drop: why => this.drop(why) })
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.on('error', error => logger.debug({ err: error }, 'worker connection failed'))
    socket.on('close', () => this.#onClose())
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Rejects with RefusedByWorker, or when the connection ends first. */
  request(op: string, keys: { [key: string]: unknown } = {}): Promise<unknown> {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return Promise.reject(new Error(`${op}: the connection is lost`))
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      this.drop('reads too slowly')
      return Promise.reject(new Error(`${op}: the worker reads too slowly`))
    }
    const seq_number = this.#next++
    const answered = new Promise((resolve, reject) => this.#waiters.set(seq_number, { resolve, reject }))
    socket.send(encodeStock({ op, seq_number, ...keys }))
    return answered
  }

  /** What the worker said is dealt with. */
  answer(seq_number: number): void {
    const { socket } = this.#options
    if (socket.readyState === socket.OPEN) socket.send(encodeStock({ op: 'response', seq_number, result: null }))
  }

  pause(): void {
    this.silence.pause()
    this.#options.socket.pause()
  }

  resume(): void {
    this.silence.resume()
    this.#options.socket.resume()
  }

  close(code: number, reason: string): void {
    this.#options.socket.close(code, reason)
  }

  drop(why: string): void {
    this.#options.logger.warn({ why }, 'worker connection dropped')
    this.#options.socket.terminate()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.silence.heard()
    try {
      if (!isBinary) throw new ProtocolError('expected a binary message, found text')
      this.#deal(decodeStock(data))
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        this.#options.logger.error({ err: error }, 'a message of a worker could not be dealt with')
        return this.drop('its message could not be dealt with')
      }
      this.#options.logger.warn({ err: error }, 'a worker broke the protocol; its connection is closed')
      this.close(CLOSE_PROTOCOL_ERROR, error.reason)
    }
  }

  #deal(message: StockMessage): void {
    const { socket, onUpdate } = this.#options
    if (message.op === 'response') return this.#settle(message)
    if (message.op !== 'unknown') return onUpdate(message)
    socket.send(encodeStock({ op: 'response', seq_number: message.seq_number, result: `Command ${message.name} does not exist.`, is_exception: true }))
  }

  #settle(message: Extract<StockMessage, { op: 'response' }>): void {
    const waiter = this.#waiters.get(message.seq_number)
    if (!waiter) throw new ProtocolError(`response: nothing was asked with seq_number ${message.seq_number}`)
    this.#waiters.delete(message.seq_number)
    // Without it the worker's next small message waits 40 ms for our delayed acknowledgement of this one.
    this.#options.socket.pong()
    if (message.is_exception === undefined) waiter.resolve(message.result)
    else waiter.reject(new RefusedByWorker(typeof message.result === 'string' ? message.result : 'the worker does not say why'))
  }

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.silence.close()
    for (const waiter of this.#waiters.values()) waiter.reject(new Error('the connection is lost'))
    this.#waiters.clear()
    this.#options.onClose()
  }
}
