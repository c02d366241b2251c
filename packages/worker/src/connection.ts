import { CLOSE_DUPLICATE, CLOSE_PROTOCOL_ERROR, decodeEngineMessage, type EngineMessage, encode, MAX_MESSAGE_BYTES, ProtocolError, SUBPROTOCOL, type WorkerMessage } from '@yardmaster/worker-protocol'
import type { Clock } from '@yardmaster/runtime'
import { WebSocket } from 'ws'
import { silenceTimer } from './silence-timer.js'

/** An engine that stands still accepts connections all the same. */
const HANDSHAKE_MS = 3_000
/** The engine may have to ask another process of this worker's name first. */
const WELCOME_MS = 12_000
/** Silence that gives a connection up, in intervals between pings. */
const MISSED = 3
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

/**
 * How a connection came to its end: `status` when the engine refused it by HTTP; `elsewhere` when that engine said no, good-bye, or nothing;
 * `duplicate` when another process of this worker is connected.
 */
export type Closing = { status: number | null; reason: string; elsewhere: boolean; duplicate: boolean }

/** One connection to an engine, from its first try to its end. */
export class Connection {
  readonly #socket: WebSocket
  readonly #options: ConnectionOptions
  /** Resolves when it has ended, whatever the way. */
  readonly closed: Promise<Closing>
  #lastHeard: number
  #cancelWatch: () => void
  #refusal: Closing = ending('closed')
  #silenceMs = WELCOME_MS
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
    this.#cancelWatch = this.#watch(WELCOME_MS)
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

  /** The engine pings every `everyMs` from now on. */
  expectPings(everyMs: number): void {
    if (this.#silenceMs === MISSED * everyMs) return
    this.#silenceMs = MISSED * everyMs
    this.#cancelWatch()
    this.#cancelWatch = this.#watch(this.#silenceMs)
  }

  /** Ends it in order, within a second. */
  close(code: number, reason: string): Promise<Closing> {
    this.#closedHere = true
    this.#refusal = ending(reason)
    this.#socket.close(code, reason)
    const cancel = this.#options.clock.setTimeout(() => this.#socket.terminate(), CLOSING_MS)
    return this.closed.finally(cancel)
  }

  #watch(limitMs: number): () => void {
    const { clock } = this.#options
    const onSilence = () => {
      this.#refusal = { ...ending(`heard nothing for ${limitMs / 1000} s`), elsewhere: true }
      this.#socket.terminate()
    }
    return silenceTimer({ clock, limitMs, lastSound: () => this.#lastHeard, onSilence })
  }

  #listen(closed: (closing: Closing) => void): void {
    this.#socket.on('open', () => this.#options.onOpen())
    this.#socket.on('message', (data: Buffer, isBinary) => this.#onMessage(data, isBinary))
    this.#socket.on('unexpected-response', (request, response) => {
      this.#refusal = { ...ending(`HTTP ${response.statusCode} ${response.statusMessage ?? ''}`.trim()), status: response.statusCode ?? null, elsewhere: true }
      request.destroy()
      this.#socket.terminate()
    })
    this.#socket.on('error', error => {
      if (!this.#refusal.elsewhere) this.#refusal = ending(error.message || (error as NodeJS.ErrnoException).code || 'failed')
    })
    this.#socket.on('close', (code, reason) => {
      this.#cancelWatch()
      const said = reason.toString()
      if (code === 1006 || this.#closedHere) return closed(this.#refusal)
      closed({ ...ending(`closed by the engine with ${code}${said === '' ? '' : `: ${said}`}`), elsewhere: true, duplicate: code === CLOSE_DUPLICATE })
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

function ending(reason: string): Closing {
  return { status: null, reason, elsewhere: false, duplicate: false }
}
