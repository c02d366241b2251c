import { Router, type Request, type Response } from 'express'
import { z } from 'zod'
import type { Deps } from '../deps.js'
import { mayBePath, mostPaths } from '../live/bounds.js'
import { EventStream } from '../live/event-stream.js'
import type { Hub } from '../live/hub.js'
import { stillReads } from '../live/still-reads.js'

/** Another replica is asked to do this to a stream of its own. */
const questionSchema = z.object({ verb: z.enum(['add', 'remove']), id: z.string(), path: z.string() })
const outcomeSchema = z.enum(['ok', 'unknown', 'not listening', 'too many'])
type Question = z.infer<typeof questionSchema>
type Outcome = z.infer<typeof outcomeSchema>

const answers: { [O in Outcome]: { status: number; text: string } } = {
  ok: { status: 200, text: 'ok' }, unknown: { status: 400, text: 'unknown uuid' }, 'not listening': { status: 404, text: 'consumer is not listening to this event' },
  'too many': { status: 400, text: `more than ${mostPaths} paths, or one that is longer than that of any event` },
}

/** Streams are named after the process that has them: so many digits of their uuid. */
const processDigits = 8

/**
 * Live events as server-sent events: /sse/listen/PATH, and /sse/add/UUID/PATH, /sse/remove/UUID/PATH (on any replica) for further paths;
 * `/sse/listen?path=A&path=B` asks for all at once. Each event has an id; with the last one in the header Last-Event-ID or `?after=`, a
 * stream goes on where another one ended, or says `resync` when not all that followed is kept.
 */
export function sseRoutes({ clock, random, logger, events, access, settings, activeGeneration }: Deps, hub: Hub): Router {
  const router = Router({ caseSensitive: true })
  const streams = new Map<string, EventStream>()
  const self = random.uuid().slice(0, processDigits)
  events.answer(self, question => {
    const read = questionSchema.safeParse(question)
    return read.success ? apply(streams, read.data) : 'unknown'
  })

  const listen = (request: Request, response: Response) => {
    const id = self + random.uuid().slice(processDigits)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no' })
    response.flushHeaders()
    const stream = new EventStream(response, {
      hub, handshake: id, stillReads: () => stillReads(request, { access, settings, activeGeneration }), later: (fn, ms) => clock.setTimeout(fn, ms),
      onEnd(why) {
        streams.delete(id)
        if (why !== 'left') logger.debug({ why, id }, 'event stream ended')
      },
    })
    streams.set(id, stream)
    response.on('error', () => stream.end('left'))
    response.on('close', () => stream.end('left'))
    const { paths, after } = wanted(request)
    for (const pattern of [pathOf(request), ...paths]) if (pattern !== '' && mayBePath(pattern)) stream.patterns.add(pattern)
    hub.join(stream, stream.patterns, after)
  }

  const change = async (request: Request, response: Response, verb: Question['verb']) => {
    const question: Question = { verb, id: String(request.params.id), path: pathOf(request) }
    const host = question.id.slice(0, processDigits)
    const elsewhere = host !== self && /^[0-9a-f]{8}$/.test(host)
    const outcome = elsewhere ? outcomeSchema.safeParse(await events.ask(host, question)).data : apply(streams, question)
    const { status, text } = answers[outcome ?? 'unknown']
    response.type('txt').status(status).send(text)
  }

  router.get(['/listen', '/listen/*path'], listen)
  router.get('/add/:id/*path', (request, response) => change(request, response, 'add'))
  router.get('/remove/:id/*path', (request, response) => change(request, response, 'remove'))
  router.get(['/add/:id', '/remove/:id'], (request, response) => change(request, response, request.path.startsWith('/add') ? 'add' : 'remove'))
  router.get(['/add', '/remove'], (_request, response) => void response.status(400).type('txt').send('need uuid'))
  // Without a verb it is listening that is meant.
  router.get(['/', '/*path'], listen)
  return router
}

function apply(streams: ReadonlyMap<string, EventStream>, { verb, id, path }: Question): Outcome {
  const stream = streams.get(id)
  if (!stream) return 'unknown'
  if (verb === 'remove') return stream.unlisten(path) ? 'ok' : 'not listening'
  if (stream.patterns.size >= mostPaths || !mayBePath(path)) return 'too many'
  stream.listen(path)
  return 'ok'
}

function pathOf({ params }: Request): string {
  const parts: unknown = params.path
  return (Array.isArray(parts) ? parts : []).filter(part => part !== '').join('/')
}

function wanted({ originalUrl, headers }: Request): { paths: string[]; after: string | null } {
  const { searchParams } = new URL(originalUrl, 'http://localhost')
  const header = headers['last-event-id']
  return { paths: searchParams.getAll('path'), after: typeof header === 'string' && header !== '' ? header : searchParams.get('after') }
}
