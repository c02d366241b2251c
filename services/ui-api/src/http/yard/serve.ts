import type { Route } from '@yardmaster/rest'
import { isDeepStrictEqual } from 'node:util'
import { json, type Request, type RequestHandler, type Response, type Router } from 'express'
import type { z } from 'zod'
import type { Deps } from '../../deps.js'
import { refuseDeep } from '../bounds.js'
import { sendJson } from '../json.js'
import { pathParams } from '../path-params.js'
import { readQuery } from './read-query.js'
import { YardError } from './yard-error.js'

/** What a route was asked, as its declaration says. */
export type AskedOf<R extends Route> = { params: z.output<R['params']>; query: z.output<R['query']>; body: z.output<R['body']>; request: Request }

export type Handler<R extends Route> = (asked: AskedOf<R>) => Promise<z.input<R['answer']>> | z.input<R['answer']>

/** Serves a route as it is declared: `handle` is given what was asked, parsed, and its answer is sent. `before` is done before the body is read. */
export function serve<R extends Route>(router: Router, { checkAnswers = false }: Pick<Deps, 'checkAnswers'>, route: R, handler: Handler<R> | { before: RequestHandler; handle: Handler<R> }): void {
  const { before, handle } = typeof handler === 'function' ? { before: [], handle: handler } : { before: [handler.before], handle: handler.handle }
  const takesBody = route.method === 'post' || route.method === 'put'
  router[route.method](expressPath(route), ...before, ...(takesBody ? [json({ limit: route.bodyLimit, strict: true, verify: refuseDeep })] : []), async (request, response) => {
    const asked = { params: paramsOf(route, request), query: readQuery(route.query, request), body: takesBody ? route.body.parse(request.body ?? {}) : {}, request } as AskedOf<R>
    const answer = await handle(asked)
    if (checkAnswers) checkAnswer(route, answer)
    sendJson(request, response.status(route.status), answer)
  })
}

export const expressPath = ({ path, deep }: Pick<Route, 'path' | 'deep'>): string => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `${name === deep ? '*' : ':'}${name}`)

/** Serves a route whose answer is no JSON: `send` answers by itself. */
export function serveFile<R extends Route>(router: Router, route: R, send: (asked: Pick<AskedOf<R>, 'params' | 'request'> & { response: Response }) => Promise<void>): void {
  router[route.method](expressPath(route), (request, response) => send({ params: paramsOf(route, request) as AskedOf<R>['params'], request, response }))
}

/** What cannot be the name of anything is not there. */
function paramsOf({ params }: Route, request: Request): object {
  const given = pathParams(request)
  const read = params.safeParse(given)
  const odd = read.success ? Object.entries(read.data).find(([name, value]) => typeof value === 'number' && String(value) !== given[name]) : undefined
  // Rules name paths, of which nobody should get round by writing numbers otherwise (007, 0x7, 7.0).
  if (odd) throw new YardError(404, `not found: ${odd[0]}: '${given[odd[0]]}' is no number as it is written here`)
  if (read.success) return read.data
  throw new YardError(404, `not found: ${read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')}`)
}

/** Throws for an answer that is not what is declared, down to the last field. */
function checkAnswer({ name, answer: declared }: Route, answer: unknown): void {
  const sent: unknown = JSON.parse(JSON.stringify(answer))
  const read = declared.parse(sent)
  if (!isDeepStrictEqual(read, sent)) throw new Error(`${name} answers more than is declared: ${JSON.stringify(sent)} is read as ${JSON.stringify(read)}`)
}
