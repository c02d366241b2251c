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
  /** Lines of each command, one message each; the first at once. */
  lines: number
  /** Between two lines; 0: all at once, and the end with them. */
  everyMs: number
}

type Command = { messages: Buffer[]; acknowledged: number; live: boolean; ended: boolean }

const RECONNECT_MS = 200

/** A worker that runs nothing, on the real wire: every command prints its lines and succeeds, across lost connections. */
export class StubWorker {
  readonly #options: StubOptions
  readonly #commands = new Map<string, Command>()
  #socket: WebSocket | null = null
  started = 0
  /** When each command's messages were acknowledged (epoch ms); kept for commands that take time, not for trivial ones. */
  readonly acknowledged = new Map<string, number[]>()

  constructor(options: StubOptions) {
    this.#options = options
    this.#connect()
  }

  #connect(): void {
    const { url, name, password, clock } = this.#options
    const socket = new WebSocket(url, SUBPROTOCOL, { headers: { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` }, perMessageDeflate: false, generateMask: () => {} })
    this.#socket = socket
    socket.on('open', () => socket.send(encode(this.#hello())))
    socket.on('message', (data: Buffer) => this.#onMessage(data))
    socket.on('error', () => {})
    socket.on('close', () => {
      for (const command of this.#commands.values()) command.live = false
      clock.setTimeout(() => this.#connect(), RECONNECT_MS)
    })
  }

  #hello(): Hello {
    const info = { platform: 'linux', arch: 'x64', cores: 1, memoryBytes: 2 ** 30, diskFreeBytes: 2 ** 30, load1: 0, hostname: 'stub', basedir: '/stub' }
    const held = [...this.#commands].map(([command, { messages, ended }]) => ({ command, state: ended ? 'ended' as const : 'running' as const, lastSeq: messages.length }))
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
    this.started++
    const command: Command = { messages: [], acknowledged: 0, live: true, ended: false }
    this.#commands.set(id, command)
    this.#print(id, command)
  }

  #print(id: string, command: Command): void {
    if (this.#commands.get(id) !== command) return
    const { lines, everyMs, clock } = this.#options
    do {
      const seq = command.messages.length + 1
      this.#add(command, encode({ type: 'output', command: id, seq, log: 'stdio', lines: 1, content: Buffer.from(`oline ${seq} of a command that does nothing\n`) }))
    } while (everyMs === 0 && command.messages.length < lines)
    if (command.messages.length < lines) return void clock.setTimeout(() => this.#print(id, command), everyMs)
    command.ended = true
    this.#add(command, encode({ type: 'ended', command: id, seq: command.messages.length + 1, rc: 0, failureReason: null, elapsed: 0 }))
  }

  #add(command: Command, message: Buffer): void {
    command.messages.push(message)
    if (command.live) this.#socket?.send(message)
  }

  #decide({ resume, forget, kill }: Decide): void {
    for (const { command: id, fromSeq } of resume) {
      const command = this.#commands.get(id)
      if (!command) continue
      command.live = true
      for (const message of command.messages.slice(fromSeq)) this.#socket?.send(message)
    }
    for (const id of [...forget, ...kill]) this.#commands.delete(id)
  }

  #acknowledge(id: string, seq: number): void {
    const command = this.#commands.get(id)
    if (!command) return
    command.acknowledged = Math.max(command.acknowledged, seq)
    if (this.#options.everyMs > 0) this.acknowledged.set(id, [...this.acknowledged.get(id) ?? [], this.#options.clock.now()])
    if (command.ended && command.acknowledged >= command.messages.length) this.#commands.delete(id)
  }
}
