import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { systemClock } from '@yardmaster/runtime'
import { SeverablePipe } from './severable-pipe.js'

/** Which connections: of that worker, to that engine (by its place), of both; of none: all. */
export type Where = { worker?: string; engine?: number }
type Disturbance = { where: Where; kind: 'held' | 'refused' }
type Connection = { worker: string; engine: number; pipe: SeverablePipe }

const clock = systemClock()
const MOST_HEAD_BYTES = 16 * 1024
/** An engine that has taken a connection and says nothing for this long counts as gone: the next one is tried. */
const ANSWER_MS = 2_000
const BETWEEN_ATTEMPTS_MS = 100

/** The network between workers and engines: a balancer that sends each worker to the next engine that answers, and that can be disturbed. */
export class WorkerNetwork {
  readonly url: string
  readonly #server: Server
  readonly #ports: number[]
  readonly #sockets = new Set<Socket>()
  readonly #connections = new Set<Connection>()
  #disturbances: Disturbance[] = []
  #next = 0

  private constructor(server: Server, ports: number[]) {
    this.#server = server
    this.#ports = ports
    this.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', socket => { this.#admit(socket).catch(() => socket.destroy()) })
  }

  /** In front of engines that listen on these ports of this machine, now or later. */
  static async start(ports: number[]): Promise<WorkerNetwork> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    return new WorkerNetwork(server, ports)
  }

  /** The engine that each connected worker is at. */
  placements(): { worker: string; engine: number }[] {
    return [...this.#connections].map(({ worker, engine }) => ({ worker, engine }))
  }

  /** The connections of now end, and both sides hear it. */
  cut(where: Where = {}): void {
    for (const { pipe } of this.#matching(where)) pipe.cut()
  }

  /** A black hole, for the connections of now and those that are tried until `heal`. */
  hold(where: Where = {}): void {
    this.#disturbances.push({ where, kind: 'held' })
    for (const { pipe } of this.#matching(where)) pipe.hold()
  }

  /** Cut, and nobody comes in until `heal`. */
  refuse(where: Where = {}): void {
    this.#disturbances.push({ where, kind: 'refused' })
    this.cut(where)
  }

  /** Ends what was done to exactly these; without an argument, everything. */
  heal(where?: Where): void {
    this.#disturbances = where === undefined ? [] : this.#disturbances.filter(other => other.where.worker !== where.worker || other.where.engine !== where.engine)
    for (const connection of this.#connections) if (this.#disturbed(connection) === null) connection.pipe.heal()
  }

  /** Cut again and again, each time some moments after it came back. */
  async flap(where: Where, times: number, everyMs: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      this.cut(where)
      await clock.sleep(everyMs)
    }
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #matching(where: Where): Connection[] {
    return [...this.#connections].filter(connection => covers(where, connection))
  }

  #disturbed(connection: { worker: string; engine: number }): Disturbance['kind'] | null {
    return this.#disturbances.find(({ where }) => covers(where, connection))?.kind ?? null
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket)
    return socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {})
  }

  async #admit(near: Socket): Promise<void> {
    this.#keep(near)
    const head = await readHead(near)
    const worker = workerOf(head)
    while (!near.destroyed) {
      const engines = this.#ports.map((_port, at) => (this.#next + at) % this.#ports.length)
      this.#next += 1
      const reachable = engines.filter(engine => this.#disturbed({ worker, engine }) === null)
      for (const engine of reachable) {
        const far = await this.#reach(engine, head)
        if (far === null) continue
        const pipe = new SeverablePipe(near, far, () => this.#connections.delete(connection))
        const connection: Connection = { worker, engine, pipe }
        this.#connections.add(connection)
        if (this.#disturbed(connection) === 'held') pipe.hold()
        return
      }
      // Into a black hole: the worker waits for an answer until it is tired of it.
      if (!engines.some(engine => this.#disturbed({ worker, engine }) === 'held')) break
      await clock.sleep(BETWEEN_ATTEMPTS_MS)
    }
    near.destroy()
  }

  /** A connection to the engine over which it has begun to answer; null when it does not. */
  async #reach(engine: number, head: Buffer): Promise<Socket | null> {
    const far = this.#keep(connect(this.#ports[engine]!, '127.0.0.1'))
    const answered = await new Promise<boolean>(resolve => {
      const cancel = clock.setTimeout(() => resolve(false), ANSWER_MS)
      const settle = (answer: boolean) => { cancel(); resolve(answer) }
      far.once('connect', () => far.write(head)).once('readable', () => settle(true)).once('close', () => settle(false))
    })
    if (answered) return far
    far.destroy()
    return null
  }
}

function covers(where: Where, { worker, engine }: { worker: string; engine: number }): boolean {
  return (where.worker === undefined || where.worker === worker) && (where.engine === undefined || where.engine === engine)
}

/** The first request's bytes up to the end of its headers, at least. */
function readHead(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let head = Buffer.alloc(0)
    const onData = (data: Buffer) => {
      head = Buffer.concat([head, data])
      if (!head.includes('\r\n\r\n') && head.length < MOST_HEAD_BYTES) return
      socket.off('data', onData).pause()
      resolve(head)
    }
    socket.on('data', onData).once('close', () => reject(new Error('closed before it had asked for anything')))
  })
}

/** From its Basic credentials; empty when it has none. */
function workerOf(head: Buffer): string {
  const [, credentials = ''] = /^authorization: *basic +(\S+)/im.exec(head.toString('latin1')) ?? []
  return Buffer.from(credentials, 'base64').toString().split(':')[0]!
}
