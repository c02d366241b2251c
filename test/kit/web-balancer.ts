import { createServer, request as ask, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A balancer without stickiness in front of ui-api's replicas: each request, stream and web socket goes to the next one that takes the connection. */
export class WebBalancer {
  readonly url: string
  readonly #server: Server
  readonly #ports: number[]
  readonly #sockets = new Set<Duplex>()
  #next = 0

  private constructor(server: Server, ports: number[]) {
    this.#server = server
    this.#ports = ports
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    server.on('request', (request, response) => { this.#forward(request, response).catch(() => refuse(response)) })
    server.on('upgrade', (request, socket, head) => { this.#join(request, socket, head).catch(() => socket.destroy()) })
    server.on('connection', socket => this.#keep(socket))
  }

  /** In front of replicas that listen on these ports of this machine, now or later. */
  static async start(ports: number[]): Promise<WebBalancer> {
    const server = createServer()
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    return new WebBalancer(server, ports)
  }

  async close(): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const socket = await this.#anyReplica()
    const onward = ask({ createConnection: () => socket, method: request.method, path: request.url, headers: { ...request.headers, connection: 'close' } })
    onward.on('error', () => refuse(response))
    onward.on('response', answer => {
      const { connection: _connection, 'keep-alive': _keepAlive, ...headers } = answer.headers
      response.writeHead(answer.statusCode ?? 502, headers)
      response.flushHeaders()
      // A replica that dies in the middle must not look like an answer that has ended.
      answer.on('error', () => response.destroy())
      answer.on('close', () => { if (!answer.complete) response.destroy() })
      answer.pipe(response)
    })
    response.on('close', () => { if (!response.writableFinished) onward.destroy() })
    request.pipe(onward)
  }

  async #join(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const replica = await this.#anyReplica()
    const lines = [`${request.method} ${request.url} HTTP/1.1`]
    for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`)
    replica.write(`${lines.join('\r\n')}\r\n\r\n`)
    replica.write(head)
    for (const [one, other] of [[client, replica], [replica, client]] as const) one.on('error', () => other.destroy()).on('close', () => other.destroy()).pipe(other)
  }

  async #anyReplica(): Promise<Socket> {
    for (let tries = 0; tries < this.#ports.length; tries++) {
      const port = this.#ports[this.#next++ % this.#ports.length]!
      const socket = await connected(port)
      if (socket) return this.#keep(socket)
    }
    throw new Error('no replica takes a connection')
  }

  #keep<S extends Duplex>(socket: S): S {
    this.#sockets.add(socket)
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
    return socket
  }
}

function connected(port: number): Promise<Socket | null> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', () => resolve(null))
  })
}

function refuse(response: ServerResponse): void {
  if (response.headersSent) response.destroy()
  else response.writeHead(502).end('no replica answers')
}
