import { type ChildProcess, spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { type CommandSpec, decodeWorkerMessage, type Ended, type EngineMessage, encode, type Hello, type ShellArgs, SUBPROTOCOL, type WorkerMessage } from '@yardmaster/worker-protocol'
import { type WebSocket, WebSocketServer } from 'ws'

/** What came of one command, over all connections. */
export type Received = { logs: Map<string, string>; /** Of an upload. */ content: Buffer; lines: number; lastSeq: number; repeated: number; ended: Ended | null }

/** The far end of a worker's real socket: an engine that decides nothing, but records everything and answers as it is told. */
export class TestEngine {
  readonly hellos: Hello[] = []
  readonly others: WorkerMessage[] = []
  readonly userAgents: (string | undefined)[] = []
  refused = 0
  /** Acknowledge each message as it comes. */
  acking = true
  /** Answer `hello` by itself: resume what is held after what has been received, forget what is lost. */
  deciding = true
  keepaliveMs = 10_000
  busyMs = 10_000
  socket: WebSocket | null = null
  readonly #received = new Map<string, Received>()
  readonly #http: Server = createServer()
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => SUBPROTOCOL })

  static async start(): Promise<TestEngine> {
    const engine = new TestEngine()
    await new Promise<void>(resolve => engine.#http.listen(0, '127.0.0.1', resolve))
    return engine
  }

  constructor() {
    this.#http.on('upgrade', (request, socket, head) => {
      if (request.headers.authorization !== `Basic ${Buffer.from('w1:right').toString('base64')}`) {
        this.refused++
        socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        return
      }
      this.userAgents.push(request.headers['user-agent'])
      this.#sockets.handleUpgrade(request, socket, head, webSocket => this.#accept(webSocket))
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  of(command: string): Received {
    const found = this.#received.get(command) ?? { logs: new Map<string, string>(), content: Buffer.alloc(0), lines: 0, lastSeq: 0, repeated: 0, ended: null }
    this.#received.set(command, found)
    return found
  }

  send(message: EngineMessage): void {
    this.socket?.send(encode(message))
  }

  start(command: string, spec: CommandSpec): void {
    this.send({ type: 'start', command, ...spec })
  }

  /** Starts a shell command; the answer is what has come of it, `ended` included. */
  async run(command: string, args: Partial<ShellArgs>): Promise<Received & { ended: Ended }> {
    this.start(command, shell(args))
    return this.ended(command)
  }

  /** The same for a file. */
  async upload(command: string, args: Extract<CommandSpec, { kind: 'upload' }>['args']): Promise<Received & { ended: Ended }> {
    this.start(command, { kind: 'upload', args })
    return this.ended(command)
  }

  async ended(command: string): Promise<Received & { ended: Ended }> {
    await until(() => this.of(command).ended !== null, `the end of ${command}`)
    return this.of(command) as Received & { ended: Ended }
  }

  async hello(count = 1): Promise<Hello> {
    await until(() => this.hellos.length >= count, `hello number ${count}`)
    return this.hellos[count - 1] as Hello
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate()
    await new Promise(resolve => this.#http.close(resolve))
  }

  #accept(socket: WebSocket): void {
    this.socket = socket
    socket.on('message', (data: Buffer) => this.#onMessage(socket, decodeWorkerMessage(data)))
  }

  #onMessage(socket: WebSocket, message: WorkerMessage): void {
    if (message.type === 'hello') return this.#onHello(socket, message)
    if (message.type !== 'output' && message.type !== 'ended') return void this.others.push(message)
    const received = this.of(message.command)
    if (message.seq <= received.lastSeq) received.repeated++
    else if (message.seq !== received.lastSeq + 1) throw new Error(`${message.command}: seq ${message.seq} after ${received.lastSeq}`)
    else {
      received.lastSeq = message.seq
      if (message.type === 'ended') received.ended = message
      else if (message.log === 'content') received.content = Buffer.concat([received.content, message.content])
      else {
        received.lines += message.lines
        received.logs.set(message.log, (received.logs.get(message.log) ?? '') + Buffer.from(message.content).toString())
      }
    }
    if (this.acking) socket.send(encode({ type: 'ack', command: message.command, seq: message.seq }))
  }

  #onHello(socket: WebSocket, hello: Hello): void {
    this.hellos.push(hello)
    socket.send(encode({ type: 'welcome', installation: 'i', session: this.hellos.length, keepaliveMs: this.keepaliveMs, busyMs: this.busyMs }))
    if (!this.deciding) return
    const lost = hello.held.filter(({ state }) => state === 'lost').map(({ command }) => command)
    const resume = hello.held.filter(({ state }) => state !== 'lost').map(({ command }) => ({ command, fromSeq: this.of(command).lastSeq }))
    socket.send(encode({ type: 'decide', resume, forget: lost, kill: [] }))
  }
}

export function shell(args: Partial<ShellArgs>): CommandSpec {
  const defaults = { env: {}, workdir: 'build', timeout: null, maxTime: null, sigtermTime: null, logfiles: {}, usePTY: false, logEnviron: false, initialStdin: null }
  return { kind: 'shell', args: { ...defaults, ...args } }
}

/** The lines of one stream of a stdio log. */
export function linesOf(received: Received, stream: 'o' | 'e' | 'h'): string[] {
  return (received.logs.get('stdio') ?? '').split('\n').filter(line => line.startsWith(stream)).map(line => line.slice(1))
}

/** Resolves when `condition` holds; rejects after a minute with what was waited for. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 60_000
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited 60 s in vain for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

export type WorkerProcess = { child: ChildProcess; output: () => string; exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }> }

/** The real program, as it is installed. */
export function startWorker(url: string, basedir: string, options: { password?: string; flags?: string[] } = {}): WorkerProcess {
  const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
  const child = spawn(process.execPath, [main, '--engine', url, '--name', 'w1', '--basedir', basedir, ...(options.flags ?? [])], {
    env: { ...process.env, YARD_WORKER_PASSWORD: options.password ?? 'right', YARD_HOME: '/nowhere', FROM_WORKER: 'inherited' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  child.stderr?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  return { child, output: () => output, exited: new Promise(resolve => child.once('exit', (code, signal) => resolve({ code, signal }))) }
}

export async function stopWorker(worker: WorkerProcess): Promise<void> {
  if (worker.child.exitCode === null && worker.child.signalCode === null) worker.child.kill('SIGTERM')
  await worker.exited
}
