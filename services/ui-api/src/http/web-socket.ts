import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { z } from 'zod'
import { callerOf } from '../access/caller-of.js'
import type { Deps } from '../deps.js'
import type { Hub } from '../live/hub.js'
import type { Listener } from '../live/subscriptions.js'
import { isAllowedOrigin, withoutCookies } from './foreign-pages.js'
import { refusalOfHost, type Reach } from './own-host.js'
import { isSameOrigin } from './same-origin.js'

const heartbeatMs = 15_000
const mostBuffered = 4 * 1024 * 1024
/** Of what a client says: nothing that it may say is long. */
const longestFrame = 64 * 1024
const mostPaths = 10_000

/** Live events by WebSocket at /ws, as Buildbot's web client speaks it. The answer ends it. */
export function serveWebSocket(server: Server, deps: Deps, { hub, reach, basePath }: { hub: Hub; reach: Reach; basePath: string }): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestFrame, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    // Until it is a web socket, nobody else listens; a client that leaves now must not end the process.
    socket.on('error', () => socket.destroy())
    const refusal = refusalOf(request, deps, { reach, basePath }) ?? refusalToRead(request, deps)
    if (refusal) return void socket.end(`HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n${refusal.message}`)
    sockets.handleUpgrade(request, socket, head, client => serveClient(client, deps, hub))
  })
  return () => new Promise(resolve => {
    for (const client of sockets.clients) client.close(1001, 'the server is stopping')
    sockets.close(() => resolve())
  })
}

function refusalOf(request: IncomingMessage, deps: Deps, { reach, basePath }: { reach: Reach; basePath: string }): { status: number; message: string } | null {
  const path = (request.url ?? '').split('?')[0]
  if (path !== '/ws' && path !== `${basePath}ws`) return { status: 404, message: `web sockets are served at ${basePath}ws` }
  const misdirected = refusalOfHost(request, reach)
  if (misdirected !== null) return { status: 421, message: misdirected }
  if (isSameOrigin(request, reach.baseUrl)) return null
  withoutCookies(request)
  return isAllowedOrigin(request, deps) ? null : { status: 403, message: 'invalid origin' }
}

function refusalToRead(request: IncomingMessage, { access }: Deps): { status: number; message: string } | null {
  const caller = callerOf(request)
  const { allowed, why } = access.reading(caller, '/ws')
  return allowed ? null : { status: caller.kind === 'anonymous' ? 401 : 403, message: `you may not read events: ${why}` }
}

const frameSchema = z.object({ cmd: z.string().optional(), type: z.unknown().optional(), _id: z.union([z.string(), z.number()]).nullish(), path: z.unknown().optional() })
type Frame = z.infer<typeof frameSchema>
type Answer = { msg: string; code: number } | { error: string; code: number }

function serveClient(client: WebSocket, { clock, logger }: Deps, hub: Hub): void {
  const paths = new Set<string>()
  const say = (answer: Answer, id: Frame['_id']) => {
    if (client.readyState === client.OPEN) client.send(JSON.stringify({ ...answer, _id: id ?? null }))
  }
  const listener: Listener = {
    end(reason) {
      logger.debug({ reason }, 'web socket ended')
      client.terminate()
    },
    send({ path, message }) {
      if (client.bufferedAmount > mostBuffered) return listener.end('it does not keep up')
      client.send(`{"k":${JSON.stringify(path)},"m":${message}}`)
    },
  }
  const stopHeartbeat = keepAlive(client, clock, () => listener.end('it does not answer'))
  client.on('error', error => logger.debug({ err: error }, 'web socket failed'))
  client.on('close', () => {
    stopHeartbeat()
    for (const path of paths) hub.unlisten(path, listener)
  })
  client.on('message', (data: RawData) => {
    const frame = frameSchema.safeParse(parse(data))
    if (!frame.success) return say({ error: 'a frame is a JSON object', code: 400 }, null)
    const { cmd, _id } = frame.data
    const answer = obey(frame.data, paths, { hub, listener })
    if (cmd !== 'startConsuming') return say(answer, _id)
    // Confirmed only when nothing will be missed.
    void hub.ready.then(() => say(answer, _id))
  })
}

function obey(frame: Frame, paths: Set<string>, { hub, listener }: { hub: Hub; listener: Listener }): Answer {
  const { cmd, path } = frame
  if (frame._id === undefined && frame.type === undefined) return { error: "no '_id' or 'type' in websocket frame", code: 400 }
  if (cmd === undefined) return { error: "no 'cmd' in websocket frame", code: 400 }
  if (cmd === 'ping') return { msg: 'pong', code: 200 }
  if (cmd !== 'startConsuming' && cmd !== 'stopConsuming') return { error: `no such command type '${cmd}'`, code: 404 }
  if (typeof path !== 'string') return { error: `invalid path format '${String(path)}'`, code: 400 }
  if (cmd === 'stopConsuming') {
    if (!paths.delete(path)) return { error: `path was not consumed '${path}'`, code: 400 }
    hub.unlisten(path, listener)
    return { msg: 'OK', code: 200 }
  }
  if (paths.size >= mostPaths) return { error: `more than ${mostPaths} paths: stop consuming some first`, code: 400 }
  paths.add(path)
  hub.listen(path, listener)
  return { msg: 'OK', code: 200 }
}

function parse(data: RawData): unknown {
  try {
    return JSON.parse(String(data))
  } catch {
    return undefined
  }
}

/** A connection that is cut without a word is noticed after two heartbeats. */
function keepAlive(client: WebSocket, clock: Deps['clock'], onSilence: () => void): () => void {
  let answered = true
  let cancel = () => {}
  const beat = () => {
    if (!answered) return onSilence()
    answered = false
    client.ping()
    cancel = clock.setTimeout(beat, heartbeatMs)
  }
  client.on('pong', () => { answered = true })
  cancel = clock.setTimeout(beat, heartbeatMs)
  return () => cancel()
}
