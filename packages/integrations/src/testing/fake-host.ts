import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Json } from '@yardmaster/domain'

export type HostRequest = { method: string; path: string; query: URLSearchParams; body: { [key: string]: Json }; text: string; headers: IncomingHttpHeaders }
export type HostAnswer = { status: number; body?: Json; headers?: { [name: string]: string } }

/**
 * What goes wrong with a request. cut: the connection ends and nothing is done. lost: it is done, and the connection ends. answer: said instead, whether it is done or not.
 * hold: it is done only once `release` is called.
 */
export type Mishap = { act: 'cut' | 'lost' | 'hold' } | { act: 'answer'; status: number; done: boolean; body?: Json; headers?: { [name: string]: string } }

export type FakeHost = {
  url: string
  /** `POST /path`, in the order in which they came. */
  requests: string[]
  /** Asked for each request; null: all goes well. */
  setMishaps(choose: (request: HostRequest) => Mishap | null): void
  /** Lets go what is held. */
  release(): void
  /** How many are held. */
  held(): number
  close(): Promise<void>
}

/** One of a host's answers: a pattern of its path, with groups that are handed over decoded. */
export type Route = [method: string, path: RegExp, answer: (request: HostRequest, ...groups: string[]) => HostAnswer]

/** A code host on a free port of 127.0.0.1, over TLS with the PEM texts given. `before` answers for all routes: credentials, limits. */
export async function startFakeHost({ routes, before = () => null, after = answer => answer, tls, prefix = '' }: {
  routes: Route[]
  before?: (request: HostRequest) => HostAnswer | null
  after?: (answer: HostAnswer, request: HostRequest) => HostAnswer
  tls?: { key: string; cert: string }
  /** Of every path, where it is there. */
  prefix?: string
}): Promise<FakeHost> {
  const requests: string[] = []
  const holds: (() => void)[] = []
  let choose: (request: HostRequest) => Mishap | null = () => null
  const answerTo = (request: HostRequest): HostAnswer => after(before(request) ?? routed(routes, request), request)

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await read(incoming, prefix)
    requests.push(`${request.method} ${request.path}`)
    const mishap = choose(request)
    if (mishap?.act === 'cut') return void response.destroy()
    if (mishap?.act === 'hold') await new Promise<void>(resolve => { holds.push(resolve) })
    if (mishap?.act === 'answer' && !mishap.done) return say(response, mishap)
    const answer = answerTo(request)
    if (mishap?.act === 'lost') return void response.destroy()
    say(response, mishap?.act === 'answer' ? mishap : answer)
  }
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined))
  }
  const server = tls ? createSecureServer(tls, listener) : createServer(listener)
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    setMishaps: chosen => { choose = chosen },
    release: () => { for (const resolve of holds.splice(0)) resolve() },
    held: () => holds.length,
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => { server.close(resolve) })
    },
  }
}

async function read(incoming: IncomingMessage, prefix: string): Promise<HostRequest> {
  let text = ''
  for await (const chunk of incoming) text += String(chunk)
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://host')
  const path = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : pathname
  return { method: incoming.method ?? 'GET', path, query: searchParams, text, body: recordOf(text), headers: incoming.headers }
}

function recordOf(text: string): { [key: string]: Json } {
  try {
    const body = JSON.parse(text) as Json
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}
  } catch {
    return {}
  }
}

function routed(routes: Route[], request: HostRequest): HostAnswer {
  for (const [method, path, answer] of routes) {
    const match = method === request.method ? path.exec(request.path) : null
    if (match) return answer(request, ...match.slice(1).map(decodeURIComponent))
  }
  return { status: 404, body: { message: 'Not Found' } }
}

function say(response: ServerResponse, { status, body, headers = {} }: HostAnswer): void {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(text)
}
