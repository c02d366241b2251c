import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import { z } from 'zod'
import { callerOf, setForeign } from '../access/caller-of.js'
import type { Deps } from '../deps.js'
import { Unauthorized, type Callers } from '../access/callers.js'
import { SignInRefused } from '../access/www-of.js'
import { mayBePath, mostPaths } from '../live/bounds.js'
import type { Hub } from '../live/hub.js'
import { SocketSession } from '../live/socket-session.js'
import { stillReads } from '../live/still-reads.js'
import { isTooDeep } from './bounds.js'
import { isAllowedOrigin } from './foreign-pages.js'
import { identify } from './identify.js'
import { answerWithoutUpgrade, asksForWebSocket } from './other-protocols.js'
import { refusalOfHost, type Reach } from './own-host.js'
import { isSameOrigin } from './same-origin.js'

/** Of what a client says: nothing that it may say is long. */
const longestFrame = 64 * 1024
const lastWordsMs = 2_000

/** Live events by WebSocket at /ws, as Buildbot's web client speaks it. The answer ends it. */
export function serveWebSocket(server: Server, deps: Deps, { hub, reach, callers, basePath }: { hub: Hub; reach: Reach; callers: Callers; basePath: string }): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: longestFrame, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    if (!asksForWebSocket(request)) return answerWithoutUpgrade(server, request, socket, head)
    // Until it is a web socket, nobody else listens; a client that leaves now must not end the process.
    socket.on('error', () => socket.destroy())
    const refuse = ({ status, message }: Refusal) => void socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n\r\n${message}`)
    const refusal = refusalOf(request, deps, { reach, basePath })
    if (refusal) return refuse(refusal)
    identify(request, callers).then(
      () => {
        const closed = refusalToRead(request, deps)
        if (closed) return refuse(closed)
        sockets.handleUpgrade(request, socket, head, client => serveClient({ client, socket, request }, deps, hub))
      },
      (error: unknown) => refuse(error instanceof Unauthorized || error instanceof SignInRefused ? error : { status: 503, message: 'who asks cannot be found out just now' }))
  })
  return () => new Promise(resolve => {
    for (const client of sockets.clients) client.close(1001, 'the server is stopping')
    // A laptop that sleeps does not answer.
    const cancel = deps.clock.setTimeout(() => { for (const client of sockets.clients) client.terminate() }, lastWordsMs)
    sockets.close(() => {
      cancel()
      resolve()
    })
  })
}

type Refusal = { status: number; message: string }

function refusalOf(request: IncomingMessage, deps: Deps, { reach, basePath }: { reach: Reach; basePath: string }): Refusal | null {
  const path = (request.url ?? '').split('?')[0]
  if (path !== '/ws' && path !== `${basePath}ws`) return { status: 404, message: `web sockets are served at ${basePath}ws` }
  const misdirected = refusalOfHost(request, reach)
  if (misdirected !== null) return { status: 421, message: misdirected }
  if (isSameOrigin(request, reach.baseUrl)) return null
  setForeign(request)
  return isAllowedOrigin(request, deps) ? null : { status: 403, message: 'invalid origin' }
}

function refusalToRead(request: IncomingMessage, { access }: Deps): Refusal | null {
  const caller = callerOf(request)
  const { allowed, why } = access.reading(caller, '/ws')
  return allowed ? null : { status: caller.kind === 'anonymous' ? 401 : 403, message: `you may not read events: ${why}` }
}

const frameSchema = z.object({
  cmd: z.string().nullish(), type: z.unknown().optional(), _id: z.json().optional(), path: z.unknown().optional(),
  // Ours: several paths at once, where to go on, and whether to tell how far it has come.
  paths: z.array(z.string()).max(mostPaths).optional(), after: z.string().optional(), position: z.boolean().optional(),
})
type Frame = z.infer<typeof frameSchema>
type Answer = { msg: string; code: number; position?: string; resync?: boolean } | { error: string; code: number }

function serveClient({ client, socket, request }: { client: WebSocket; socket: Duplex; request: IncomingMessage }, { logger, access, settings, activeGeneration }: Deps, hub: Hub): void {
  const session = new SocketSession(client, socket, {
    hub, stillReads: () => stillReads(request, { access, settings, activeGeneration }), onEnd(why) { if (why !== 'left') logger.debug({ why }, 'web socket ended') },
  })
  const say = (answer: Answer, id: Frame['_id']) => {
    if (client.readyState === client.OPEN) client.send(JSON.stringify({ ...answer, _id: id ?? null }))
  }
  client.on('error', error => logger.debug({ err: error }, 'web socket failed'))
  client.on('close', () => session.end('left'))
  client.on('message', (data: RawData) => {
    // It may still speak after the last word.
    if (session.over) return
    const frame = frameSchema.safeParse(parse(data))
    if (!frame.success) return say({ error: 'a frame is a JSON object', code: 400 }, null)
    const { _id } = frame.data
    const refused = refusalOfFrame(frame.data, session)
    // Of a frame without a command Buildbot does not say which it was.
    if (refused) return say(refused, (frame.data.cmd ?? null) === null ? null : _id)
    void obey(frame.data, session).then(answer => say(answer, _id))
  })
}

function refusalOfFrame(frame: Frame, session: SocketSession): Answer | null {
  const { cmd, path, paths, after } = frame
  if ((frame._id ?? frame.type ?? null) === null) return { error: "no '_id' or 'type' in websocket frame", code: 400 }
  if (cmd === undefined || cmd === null) return { error: "no 'cmd' in websocket frame", code: 400 }
  if (cmd === 'ping') return null
  if (cmd !== 'startConsuming' && cmd !== 'stopConsuming') return { error: `no such command type '${cmd}'`, code: 404 }
  if (typeof path !== 'string' && (cmd === 'stopConsuming' || paths === undefined)) return { error: `invalid path format '${String(path)}'`, code: 400 }
  if (!pathsOf(frame).every(mayBePath)) return { error: 'invalid path format: it is longer than that of any event', code: 400 }
  if (cmd === 'stopConsuming') return session.patterns.has(String(path)) ? null : { error: `path was not consumed '${String(path)}'`, code: 400 }
  if (after !== undefined && session.begun) return { error: "'after' is only for the first paths of a connection", code: 400 }
  return session.patterns.size + pathsOf(frame).length > mostPaths ? { error: `more than ${mostPaths} paths: stop consuming some first`, code: 400 } : null
}

const pathsOf = ({ path, paths = [] }: Frame): string[] => (typeof path === 'string' ? [path, ...paths] : paths)

/** Of a frame that is in order. Listening is confirmed only when nothing will be missed. */
async function obey(frame: Frame, session: SocketSession): Promise<Answer> {
  if (frame.cmd === 'ping') return { msg: 'pong', code: 200 }
  if (frame.cmd === 'stopConsuming') {
    session.unlisten(String(frame.path))
    return { msg: 'OK', code: 200 }
  }
  if (frame.position === true) session.tellPlace()
  const { place, resync } = await session.listen(pathsOf(frame), frame.after ?? null)
  return { msg: 'OK', code: 200, ...(frame.position === true ? { position: place } : {}), ...(frame.after === undefined ? {} : { resync }) }
}

function parse(data: RawData): unknown {
  const json = String(data)
  // What walks through it would need the whole stack, and nobody is there to catch that.
  if (isTooDeep(json)) return undefined
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
