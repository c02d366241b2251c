import { decodeEngineMessage, encode, SUBPROTOCOL, type EngineMessage, type Held, type WorkerMessage } from '@yardmaster/worker-protocol'
import { WebSocket } from 'ws'
import { until } from '../../../../test/kit/until.js'

/** The worker's end of one real connection, which says just what the test wants said. */
export class TestWorker {
  readonly received: EngineMessage[] = []
  /** Whether it answers pings: a process that stands still does not. */
  answering = true
  /** How the engine closed the connection. */
  ending: { code: number; reason: string } | null = null
  readonly #socket: WebSocket

  constructor(port: number, name: string, password = 'p') {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}`, SUBPROTOCOL, { headers: { Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` } })
    this.#socket.on('message', (data: Buffer) => {
      const message = decodeEngineMessage(data)
      this.received.push(message)
      if (message.type === 'ping' && this.answering) this.send({ type: 'pong', n: message.n })
    })
    this.#socket.on('close', (code, reason) => { this.ending = { code, reason: reason.toString() } })
    this.#socket.on('error', () => {})
  }

  /** Resolves when it is welcomed. */
  async hello(process: string, held: Held[] = []): Promise<this> {
    await new Promise<void>((resolve, reject) => { this.#socket.once('open', resolve).once('error', reject) })
    const info = { platform: 'linux', arch: 'x64', cores: 1, memoryBytes: 1, diskFreeBytes: 1, load1: 0, hostname: 'h', basedir: '/w' }
    this.send({ type: 'hello', protocol: 1, process, version: '0', info, can: ['upload'], held })
    await until('the welcome', () => this.of('welcome').length > 0)
    return this
  }

  send(message: WorkerMessage): void {
    this.#socket.send(encode(message))
  }

  of<Type extends EngineMessage['type']>(type: Type): Extract<EngineMessage, { type: Type }>[] {
    return this.received.filter((message): message is Extract<EngineMessage, { type: Type }> => message.type === type)
  }

  get killed(): string[] {
    return this.of('decide').flatMap(decision => decision.kill)
  }

  get closed(): boolean {
    return this.#socket.readyState === WebSocket.CLOSED
  }

  close(): void {
    this.#socket.terminate()
  }
}
