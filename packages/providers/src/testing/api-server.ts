import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Json } from '@yardmaster/domain'

export type ApiRequest = { method: string; path: string; query: URLSearchParams; body: Json; headers: IncomingMessage['headers'] }
export type ApiAnswer = { status: number; body?: Json; /** Sent line by line instead. */ lines?: AsyncIterable<string> }

/** What goes wrong at the next request that it matches. lost: it is done, and the answer is lost. hang: nothing is done, and nothing comes. last: it is answered, and the server is gone. */
export type Fault = { method: string; path: RegExp; query?: RegExp; act: 'lost' | 'hang' | 'last' | { status: number; body: Json } }

async function bodyOf(request: IncomingMessage): Promise<Json> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text === '' ? null : (JSON.parse(text) as Json)
}

/** PEM texts; whoever connects needs a certificate of `ca`. */
export type Tls = { key: string; cert: string; ca: string }

/** A server of somebody's API in memory, reached by a real socket. */
export class ApiServer {
  readonly faults: Fault[] = []
  readonly requests: string[] = []
  readonly #server: Server

  constructor(readonly answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>, tls?: Tls) {
    const serve = (request: IncomingMessage, response: ServerResponse): void => {
      this.#serve(request, response).catch((error: unknown) => response.writeHead(500).end(JSON.stringify({ message: String(error) })))
    }
    this.#server = tls ? createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true }, serve) : createServer(serve)
  }

  /** On a free port of this host, or on a socket's path. */
  async listen(path?: string): Promise<this> {
    await new Promise<void>(resolve => path === undefined ? this.#server.listen(0, '127.0.0.1', resolve) : this.#server.listen(path, resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://api')
    const method = request.method ?? 'GET'
    this.requests.push(`${method} ${request.url}`)
    const body = await bodyOf(request)
    const index = this.faults.findIndex(fault => fault.method === method && fault.path.test(pathname) && (fault.query?.test(searchParams.toString()) ?? true))
    const [fault] = index < 0 ? [] : this.faults.splice(index, 1)
    if (fault?.act === 'hang') return
    const answer = typeof fault?.act === 'object' ? fault.act : await this.answer({ method, path: pathname, query: searchParams, body, headers: request.headers })
    if (fault?.act === 'lost') return void response.destroy()
    if (fault?.act === 'last') this.#server.close()
    const { status, body: said, lines } = { lines: undefined, ...answer }
    response.writeHead(status, { 'content-type': 'application/json' })
    if (lines) for await (const line of lines) response.write(`${line}\r\n`)
    response.end(said === undefined ? '' : JSON.stringify(said))
  }
}
