import type { Clock, Logger } from '@yardmaster/runtime'
import { CLOSE_PROTOCOL_ERROR, decodeWorkerMessage, encode, ProtocolError, type EngineMessage, type WorkerMessage } from '@yardmaster/worker-protocol'
import type { WebSocket } from 'ws'
import { SilenceWatch, type Pace } from './silence-watch.js'

/** A worker that reads this slowly is let go; it comes back and resumes. */
export const MOST_BUFFERED_BYTES = 64 * 1024 * 1024

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
  /** It has ended, or is ending: nothing that is sent arrives. */
  readonly closed: boolean
  send(message: EngineMessage): void
  pause(): void
  resume(): void
  /** From now on its silence is watched. */
  watch(pace: Pace): void
  /** Whether it says anything within that time, being asked to. */
  answers(withinMs: number): Promise<boolean>
  close(code: number, reason: string): void
  /** Ends the connection without waiting for the other side. */
  drop(why: string): void
  /** Resolves when nothing of these commands, whose builds are over, runs on the worker any more; rejects when that cannot be brought about. */
  endOrphans(commandIds: string[]): Promise<void>
}

/** One connection of a worker: messages in and out, and the watch over its silence. */
export class WorkerLink implements Link {
  readonly protocol = 'yardmaster'
  readonly #options: WorkerLinkOptions
  readonly #silence: SilenceWatch
  #pings = 0
  #closed = false

  constructor(options: WorkerLinkOptions) {
    this.#options = options
    const { socket, clock, logger } = options
    this.#silence = new SilenceWatch({
      clock,
      ping: nextMs => this.send({ type: 'ping', n: ++this.#pings, ...(nextMs === undefined ? {} : { nextMs }) }),
      drop: why => this.drop(why),
    })
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary))
    socket.on('error', error => logger.debug({ err: error }, 'worker connection failed'))
    socket.on('close', () => this.#onClose())
  }

  get closed(): boolean {
    const { socket } = this.#options
    return socket.readyState !== socket.OPEN
  }

  send(message: EngineMessage): void {
    const { socket } = this.#options
    if (socket.readyState !== socket.OPEN) return
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) return this.drop('reads too slowly')
    if (message.type === 'start' || (message.type === 'decide' && message.resume.length > 0)) this.#silence.expectBusy()
    socket.send(encode(message))
  }

  /** Stops or goes on reading: what the worker has to say waits on its side. */
  pause(): void {
    this.#silence.pause()
    this.#options.socket.pause()
  }

  resume(): void {
    this.#silence.resume()
    this.#options.socket.resume()
  }

  watch(pace: Pace): void {
    this.#silence.watch(pace)
  }

  answers(withinMs: number): Promise<boolean> {
    return this.#silence.answers(withinMs)
  }

  close(code: number, reason: string): void {
    this.#options.socket.close(code, reason)
  }

  /** Ends the connection without waiting for the other side. */
  drop(why: string): void {
    this.#options.logger.warn({ why }, 'worker connection dropped')
    this.#options.socket.terminate()
  }

  /** Our own worker keeps account of what it runs, and is told what to kill when it connects. */
  endOrphans(): Promise<void> {
    return Promise.resolve()
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#silence.heard()
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

  #onClose(): void {
    if (this.#closed) return
    this.#closed = true
    this.#silence.close()
    this.#options.onClose()
  }
}
