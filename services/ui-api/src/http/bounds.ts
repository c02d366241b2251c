import type { RequestHandler } from 'express'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { network } from '../access/client-key.js'
import { Tally } from '../access/tally.js'
import { sendError } from './json.js'

/** Of one address that is no proxy of ours; more than 2,000 people behind one gateway have open. */
const mostConnectionsOfOne = 4_096
/** A list of a thousand ids fits; nothing that we link to comes near. */
const longestUrl = 16 * 1024
/** Such as nobody has written by hand, and what walks through it would need the whole stack for. */
const deepestBody = 64

/** Whoever sends a request slowly, or a body and then nothing, does not keep a connection for it. */
export const serverBounds: ServerOptions = { maxHeaderSize: 32 * 1024, headersTimeout: 15_000, requestTimeout: 120_000, connectionsCheckingInterval: 5_000 }
const mostHeaders = 100
/** Live streams have a heartbeat, and no answer of ours takes this long. */
const silenceMs = 120_000

export function boundConnections(server: Server, { isProxy, most = mostConnectionsOfOne }: { isProxy(address: string): boolean; most?: number }): void {
  server.maxHeadersCount = mostHeaders
  server.setTimeout(silenceMs)
  const open = new Tally()
  const counted = new WeakSet<Socket>()
  server.on('connection', (socket: Socket) => {
    const { remoteAddress = '' } = socket
    // One that is read once more is the same one.
    if (isProxy(remoteAddress) || counted.has(socket)) return
    counted.add(socket)
    const client = network(remoteAddress)
    if (open.of(client) >= most) return void socket.destroy()
    open.add(client, 1)
    socket.once('close', () => open.add(client, -1))
  })
}

export const refuseLongUrls: RequestHandler = (request, response, next) => {
  if (request.originalUrl.length <= longestUrl) next()
  else sendError(response, 414, `the address has ${request.originalUrl.length} characters: at most ${longestUrl} are read`)
}

export type BodyBudget = {
  /** Null: there is no room for a body of these headers. Otherwise what is to be called when it is not needed any more. */
  take(client: string, headers: IncomingHttpHeaders): (() => void) | null
}

/** How many bytes of bodies are held at a time: of one client and of all. One that does not say how long it is, or is packed, counts as the largest. */
export function bodyBudget({ largest, ofOne, total }: { largest: number; ofOne: number; total: number }): BodyBudget {
  const held = new Tally()
  let all = 0
  const add = (client: string, size: number) => {
    all += size
    held.add(client, size)
  }
  return {
    take(client, headers) {
      const said = headers['content-encoding'] === undefined && headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : largest
      const size = Math.min(said, largest)
      if (all + size > total || held.of(client) + size > ofOne) return null
      add(client, size)
      let given = false
      return () => {
        if (!given) add(client, -size)
        given = true
      }
    },
  }
}

/** Whether brackets in a JSON text are nested deeper than anything that is meant. */
export function isTooDeep(json: string): boolean {
  let depth = 0
  for (let at = 0, quoted = false; at < json.length; at++) {
    const char = json[at]
    if (quoted) {
      if (char === '\\') at++
      else if (char === '"') quoted = false
    } else if (char === '"') quoted = true
    else if ((char === '[' || char === '{') && ++depth > deepestBody) return true
    else if (char === ']' || char === '}') depth--
  }
  return false
}

/** For body parsers. Throws what is answered with 400. */
export function refuseDeep(_request: IncomingMessage, _response: ServerResponse, body: Buffer): void {
  if (isTooDeep(body.toString('utf8'))) throw new TooDeep(tooDeep)
}

export const tooDeep = `JSON that is nested deeper than ${deepestBody} levels is not read`

class TooDeep extends Error {
  override name = 'TooDeep'
  readonly status = 400
}
