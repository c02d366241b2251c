import type { Clock } from '@yardmaster/runtime'
import { decodeEngineMessage, encode, SUBPROTOCOL, type Decide, type Hello, type Start } from '@yardmaster/worker-protocol'
import { WebSocket } from 'ws'

export type StubOptions = {
  url: string
  name: string
  password: string
  /** Identity of the worker's process, the same on every connection. */
  process: string
  clock: Clock
}

const RECONNECT_MS = 200

/** A worker that runs nothing, on the real wire: every command prints a line and succeeds at once, across lost connections. */
export class StubWorker {
  readonly #options: StubOptions
  readonly #commands = new Map<string, Buffer[]>()
  #socket: WebSocket | null = null

  constructor(options: StubOptions) {
    this.#options = options
  }

  /** And again, whenever the connection is lost. */
  connect(): void {
    const { url, name, password, clock } = this.#options
    const socket = new WebSocket(url, SUBPROTOCOL, { headers: { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }, perMessageDeflate: false, generateMask: () => {} })
    this.#socket = socket
    socket.on('open', () => socket.send(encode(this.#hello())))
    socket.on('message', (data: Buffer) => this.#onMessage(data))
    socket.on('error', () => {})
    socket.on('close', () => {
      clock.setTimeout(() => this.connect(), RECONNECT_MS)
    })
  }

  #hello(): Hello {
    const info = { platform: 'linux', arch: 'x64', cores: 1, memoryBytes: 2 ** 30, diskFreeBytes: 2 ** 30, load1: 0, hostname: 'stub', basedir: '/stub' }
    const held = [...this.#commands].map(([command, messages]) => ({ command, state: 'ended' as const, lastSeq: messages.length }))
    return { type: 'hello', protocol: 1, process: this.#options.process, version: 'stub', info, held }
  }

  #onMessage(data: Buffer): void {
    const message = decodeEngineMessage(data)
    if (message.type === 'start') this.#start(message)
    else if (message.type === 'ack') this.#acknowledge(message.command, message.seq)
    else if (message.type === 'decide') this.#decide(message)
    else if (message.type === 'ping') this.#socket?.send(encode({ type: 'pong', n: message.n }))
    else if (message.type === 'interrupt') this.#commands.delete(message.command)
  }

  #start({ command: id }: Start): void {
    if (this.#commands.has(id)) return
    const messages = [
      encode({ type: 'output', command: id, seq: 1, log: 'stdio', lines: 1, content: Buffer.from('oline 1 of a command that does nothing\n') }),
      encode({ type: 'ended', command: id, seq: 2, rc: 0, failureReason: null, elapsed: 0 }),
    ]
    this.#commands.set(id, messages)
    for (const message of messages) this.#socket?.send(message)
  }

  #decide({ resume, forget, kill }: Decide): void {
    for (const { command: id, fromSeq } of resume) for (const message of this.#commands.get(id)?.slice(fromSeq) ?? []) this.#socket?.send(message)
    for (const id of [...forget, ...kill]) this.#commands.delete(id)
  }

  #acknowledge(id: string, seq: number): void {
    if (seq >= (this.#commands.get(id)?.length ?? Infinity)) this.#commands.delete(id)
  }
}
