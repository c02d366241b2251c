import { Router, type Request, type Response } from 'express'
import type { Deps } from '../deps.js'
import type { Hub } from '../live/hub.js'
import type { Listener, Message } from '../live/subscriptions.js'

const heartbeatMs = 15_000
/** What may wait to be taken by a client; one that is further behind is dropped and reads anew. */
const mostBuffered = 4 * 1024 * 1024

type Stream = { listen(pattern: string): void; unlisten(pattern: string): boolean; end(reason: string): void }

/**
 * Live events as server-sent events: /sse/listen/PATH, and /sse/add/UUID/PATH, /sse/remove/UUID/PATH for further paths.
 * Behind a balancer these may meet another replica: `/sse/listen?path=A&path=B` asks for all at once.
 */
export function sseRoutes({ clock, random, logger }: Deps, hub: Hub): Router {
  const router = Router()
  const streams = new Map<string, Stream>()

  const listen = async (request: Request, response: Response) => {
    const id = random.uuid()
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    const stream = openStream(response, { hub, clock, logger })
    streams.set(id, stream)
    response.on('error', () => stream.end('the connection broke'))
    response.on('close', () => {
      stream.end('the client left')
      streams.delete(id)
    })
    for (const pattern of [pathOf(request), ...wanted(request)]) if (pattern !== '') stream.listen(pattern)
    await hub.ready
    if (!response.destroyed) response.write(`event: handshake\ndata: ${id}\n\n`)
  }

  const change = (request: Request, response: Response, apply: (stream: Stream, pattern: string) => boolean) => {
    const stream = streams.get(String(request.params.id))
    response.type('txt')
    if (!stream) return void response.status(400).send('unknown uuid')
    if (!apply(stream, pathOf(request))) return void response.status(404).send('consumer is not listening to this event')
    response.send('ok')
  }

  router.get(['/listen', '/listen/*path'], listen)
  router.get('/add/:id/*path', (request, response) => change(request, response, (stream, pattern) => {
    stream.listen(pattern)
    return true
  }))
  router.get('/remove/:id/*path', (request, response) => change(request, response, (stream, pattern) => stream.unlisten(pattern)))
  router.get(['/add', '/remove'], (_request, response) => void response.status(400).type('txt').send('need uuid'))
  return router
}

function pathOf({ params }: Request): string {
  const parts: unknown = params.path
  return (Array.isArray(parts) ? parts : []).filter(part => part !== '').join('/')
}

function wanted({ originalUrl }: Request): string[] {
  return new URL(originalUrl, 'http://localhost').searchParams.getAll('path')
}

function openStream(response: Response, { hub, clock, logger }: Pick<Deps, 'clock' | 'logger'> & { hub: Hub }): Stream {
  const patterns = new Set<string>()
  let cancelHeartbeat = () => {}
  const beat = () => {
    response.write(': still here\n\n')
    cancelHeartbeat = clock.setTimeout(beat, heartbeatMs)
  }
  const end = (reason: string) => {
    cancelHeartbeat()
    for (const pattern of patterns) hub.unlisten(pattern, listener)
    patterns.clear()
    if (!response.destroyed) logger.debug({ reason }, 'event stream ended')
    response.destroy()
  }
  const listener: Listener = {
    end,
    send({ path, message }: Message) {
      if (response.writableLength > mostBuffered) return end('it does not keep up')
      response.write(`event: event\ndata: {"key":${JSON.stringify(path.split('/'))},"message":${message}}\n\n`)
    },
  }
  cancelHeartbeat = clock.setTimeout(beat, heartbeatMs)
  return {
    end,
    listen(pattern) {
      patterns.add(pattern)
      hub.listen(pattern, listener)
    },
    unlisten(pattern) {
      hub.unlisten(pattern, listener)
      return patterns.delete(pattern)
    },
  }
}
