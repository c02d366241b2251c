import { CLOSE_PROTOCOL_ERROR, decodeEngineMessage, type EngineMessage, encode, MAX_MESSAGE_BYTES, ProtocolError, SUBPROTOCOL, type WorkerMessage } from '@yardmaster/worker-protocol'
import type { Clock } from '@yardmaster/runtime'
import { WebSocket } from 'ws'
import { silenceTimer } from './silence-timer.js'

const HANDSHAKE_MS = 10_000
/** More than this waiting in the socket's memory, and the rest waits where it is bounded. */
const BUFFERED_BYTES = 1024 * 1024
const CLOSING_MS = 1000

export type ConnectionOptions = {
  url: string
  name: string
  password: string
  version: string
  clock: Clock
  onOpen(): void
  onMessage(message: EngineMessage): void
  /** There is room again for what waits. */
  onRoom(): void
}

/** How a connection came to its end: `status` when the engine refused it by HTTP. */
export type Closing = { status: number | null; reason: string }

/** One connection to an engine, from its first try to its end. */
export class Connection {
  readonly #socket: WebSocket
  readonly #options: ConnectionOptions
  /** Resolves when it has ended, whatever the way. */
  readonly closed: Promise<Closing>
  #lastHeard: number
  #cancelWatch: () => void
  #refusal: Closing = { status: null, reason: 'closed' }
  #closedHere = false

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#lastHeard = options.clock.monotonic()
    this.#socket = new WebSocket(options.url, SUBPROTOCOL, {
      headers: {
        Authorization: `Basic ${Buffer.from(`${options.name}:${options.password}`).toString('base64')}`,
        'User-Agent': `yardmaster-worker/${options.version}`,
      },
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE_BYTES,
      handshakeTimeout: HANDSHAKE_MS,
      // A mask of zeros: it protects proxies from browsers, and would cost both sides a pass over every byte.
      generateMask: () => {},
    })
    this.#cancelWatch = this.#watch(HANDSHAKE_MS)
    this.closed = new Promise(resolve => this.#listen(resolve))
  }

  room(): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#socket.bufferedAmount < BUFFERED_BYTES
  }

  sendBytes(bytes: Buffer): void {
    this.#socket.send(bytes, error => {
      if (!error) this.#options.onRoom()
    })
  }

  send(message: WorkerMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(encode(message), () => {})
  }

  /** After the welcome: the engine pings every `keepaliveMs`. */
  expectPings(keepaliveMs: number): void {
    this.#cancelWatch()
    this.#cancelWatch = this.#watch(3 * keepaliveMs)
  }

  /** Ends it in order, within a second. */
  close(code: number, reason: string): Promise<Closing> {
    this.#closedHere = true
    this.#refusal = { status: null, reason }
    this.#socket.close(code, reason)
    const cancel = this.#options.clock.setTimeout(() => this.#socket.terminate(), CLOSING_MS)
    return this.closed.finally(cancel)
  }

  #watch(limitMs: number): () => void {
    const { clock } = this.#options
    const onSilence = () => {
      this.#refusal = { status: null, reason: `heard nothing for ${limitMs / 1000} s` }
      this.#socket.terminate()
    }
    return silenceTimer({ clock, limitMs, lastSound: () => this.#lastHeard, onSilence })
  }

  #listen(closed: (closing: Closing) => void): void {
    this.#socket.on('open', () => this.#options.onOpen())
    this.#socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary))
    this.#socket.on('unexpected-response', (request, response) => {
      this.#refusal = { status: response.statusCode ?? null, reason: `HTTP ${response.statusCode} ${response.statusMessage ?? ''}`.trim() }
      request.destroy()
      this.#socket.terminate()
    })
    this.#socket.on('error', error => {
      if (this.#refusal.status === null) this.#refusal = { status: null, reason: error.message || (error as NodeJS.ErrnoException).code || 'failed' }
    })
    this.#socket.on('close', (code, reason) => {
      this.#cancelWatch()
      const said = reason.toString()
      closed(code === 1006 || this.#closedHere ? this.#refusal : { status: null, reason: `closed by the engine with ${code}${said === '' ? '' : `: ${said}`}` })
    })
  }

  #onMessage(data: Buffer, isBinary: boolean): void {
    this.#lastHeard = this.#options.clock.monotonic()
    try {
      if (!isBinary) throw new ProtocolError('a text message: every message is binary')
      this.#options.onMessage(decodeEngineMessage(data))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      void this.close(CLOSE_PROTOCOL_ERROR, error.reason)
    }
  }
}
