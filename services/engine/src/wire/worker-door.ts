import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock, Logger, Random } from '@yardmaster/runtime'
import { CLOSE_DUPLICATE, CLOSE_TRY_AGAIN, closeReason, MAX_MESSAGE_BYTES, SUBPROTOCOL, type Hello, type WorkerMessage } from '@yardmaster/worker-protocol'
import { WebSocketServer, type WebSocket } from 'ws'
import { DuplicateWorker } from '../workers/contests.js'
import type { Admission, Guest } from './admission.js'
import { parseBasic, type Credentials } from './credentials.js'
import { greetStockWorker } from './greet-stock-worker.js'
import { NotTakenIn, type Newcomer } from './newcomer.js'
import { Refusals } from './refusals.js'
import { Strangers } from './strangers.js'
import { WorkerLink, type Link } from './worker-link.js'

export type WorkerDoorOptions = {
  host: string
  port: number
  clock: Clock
  random: Random
  logger: Logger
  admit(credentials: Credentials): Promise<Admission>
  /** A worker has told of itself. The answer takes its further messages; rejecting it closes the connection. */
  onHello(guest: Guest, newcomer: Newcomer, link: Link): Promise<WorkerConnection>
}

/** What the rest of the engine makes of one connection. */
export type WorkerConnection = { onMessage(message: AfterHello): void; onClose(): void }
export type AfterHello = Exclude<WorkerMessage, Hello>

export type WorkerDoor = { port: number; close(): Promise<void> }

/** An authenticated worker says hello at once. */
const HELLO_DEADLINE_MS = 10_000
const GOODBYE_MS = 500
// Over pb, their default, Buildbot's workers wait for the master to speak first, without a word of why in their log.
const SAID_NOTHING = "it said nothing; one of Buildbot's workers must be made with `buildbot-worker create-worker --protocol=msgpack_experimental_v7`"
const REFUSALS: { [admission: string]: string } = {
  unwanted: 'it is a latent worker, and no machine of it is wanted now',
  unchecked: 'its credentials could not be checked',
}
/** Before it is welcomed a worker has little more to say than that it lives. */
const MOST_EARLY = 10

type Inside = { options: WorkerDoorOptions; sockets: WebSocketServer; strangers: Strangers; refusals: Refusals }

/** Listens for workers. One port for every kind of worker: the first bytes tell them apart. */
export async function openWorkerDoor(options: WorkerDoorOptions): Promise<WorkerDoor> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false, handleProtocols: offered => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false) })
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('Yardmaster workers connect here by WebSocket.\n')
  })
  const refusals = new Refusals(options.clock, options.logger)
  const strangers = new Strangers(options.clock, { onSilent: from => refusals.note({ from, admission: SAID_NOTHING }) })
  const inside: Inside = { options, sockets, strangers, refusals }
  server.on('connection', socket => inside.strangers.meet(socket))
  server.on('upgrade', (request, _socket, head) => upgrade(inside, request, head))
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, options.host, resolve))
  return { port: (server.address() as AddressInfo).port, close: () => closeDoor(inside, server) }
}

function upgrade(inside: Inside, request: IncomingMessage, head: Buffer): void {
  const { options, strangers, refusals } = inside
  const { socket } = request
  const refuse = (status: 401 | 426 | 503) => { end(socket, status); strangers.part(socket) }
  socket.on('error', error => options.logger.debug({ err: error }, 'a connection failed before it was a worker'))
  const credentials = parseBasic(request.headers.authorization)
  if (!credentials) return refuse(401)
  // It stays a stranger, with a stranger's bounds, while its password is looked up.
  void admit(options, credentials).then(admission => {
    if (socket.destroyed) return
    if (typeof admission === 'string') {
      refusals.note({ worker: credentials.name, from: socket.remoteAddress, admission: REFUSALS[admission] ?? admission })
      return refuse(admission === 'refused' ? 401 : 503)
    }
    const offered = request.headers['sec-websocket-protocol']
    if (offered !== undefined && !offered.includes(SUBPROTOCOL)) return refuse(426)
    // A stock worker names no subprotocol.
    welcome(inside, { request, head }, websocket => (offered === undefined ? greetStockWorker : greet)(options, admission, websocket))
  })
}

function welcome({ sockets, strangers }: Inside, { request, head }: { request: IncomingMessage; head: Buffer }, greetIt: (websocket: WebSocket) => void): void {
  sockets.handleUpgrade(request, request.socket, head, websocket => {
    strangers.know(request.socket)
    greetIt(websocket)
  })
}

/** A secret or a password that cannot be read must not end the engine, nor fill its log while the database is away. */
async function admit({ admit: ask, logger }: WorkerDoorOptions, credentials: Credentials): Promise<Admission | 'unchecked'> {
  try {
    return await ask(credentials)
  } catch (error) {
    logger.debug({ err: error, worker: credentials.name }, 'the credentials of a worker could not be checked')
    return 'unchecked'
  }
}

function end(socket: Socket, status: 401 | 426 | 503): void {
  const challenge = status === 401 ? 'WWW-Authenticate: Basic realm="yardmaster"\r\n' : ''
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${challenge}Connection: close\r\nContent-Length: 0\r\n\r\n`)
}

function greet(options: WorkerDoorOptions, guest: Guest, socket: WebSocket): void {
  const { clock, logger, onHello } = options
  const { name } = guest
  let connection: WorkerConnection | null = null
  let greeted = false
  // What comes before the session is open waits here. The socket is read on: its end must be seen, as the worker is elsewhere then.
  let early: AfterHello[] = []
  const open = (opened: WorkerConnection) => {
    connection = opened
    for (const message of early) opened.onMessage(message)
    early = []
    if (socket.readyState === socket.CLOSED) opened.onClose()
  }
  const link = new WorkerLink({
    socket,
    clock,
    logger: logger.child({ worker: name }),
    onClose: () => connection?.onClose(),
    onMessage(message) {
      if (message.type !== 'hello') {
        if (connection) return connection.onMessage(message)
        if (!greeted) return link.drop(`${message.type} where hello was due`)
        if (message.type !== 'pong' && early.push(message) > MOST_EARLY) link.drop('it does not wait for its welcome')
        return
      }
      if (greeted) return link.drop('a second hello')
      greeted = true
      cancelDeadline()
      onHello(guest, newcomerOf(message), link).then(open).catch((error: unknown) => {
        if (error instanceof DuplicateWorker) return link.close(CLOSE_DUPLICATE, closeReason(error.message))
        logger[error instanceof NotTakenIn ? 'debug' : 'warn']({ err: error, worker: name }, 'the worker could not be taken in')
        link.close(CLOSE_TRY_AGAIN, 'try again later')
      })
    },
  })
  const cancelDeadline = clock.setTimeout(() => link.drop('no hello'), HELLO_DEADLINE_MS)
}

function newcomerOf({ info, ...told }: Hello): Newcomer {
  return { ...told, info: Object.fromEntries(Object.entries({ ...info, numcpus: info.cores })) as Newcomer['info'] }
}

/** Says good-bye, and ends what has not answered by then. */
async function closeDoor({ options: { clock }, sockets, strangers, refusals }: Inside, server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  strangers.close()
  refusals.close()
  for (const socket of sockets.clients) socket.close(1001, 'this engine stops')
  const cancel = clock.setTimeout(() => sockets.clients.forEach(socket => socket.terminate()), GOODBYE_MS)
  await Promise.all([...sockets.clients].map(socket => new Promise(resolve => socket.once('close', resolve))))
  cancel()
  sockets.close()
  server.closeAllConnections()
  await closed
}
