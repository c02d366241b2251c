import type { NextFunction, Request, Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { setForeign } from '../access/caller-of.js'
import { bearerOf } from '../access/callers.js'
import type { Deps } from '../deps.js'
import { isSameOrigin } from './same-origin.js'

const preflightSeconds = 3_600
const readable = 'ETag, Location, Retry-After, RateLimit, RateLimit-Policy'
const sendable = 'Accept, Authorization, Content-Type, If-None-Match, Last-Event-ID'
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Whether the request comes from a page of another site that the configuration names (`www.allowedOrigins`). */
export function isAllowedOrigin({ headers: { origin } }: IncomingMessage, { activeGeneration }: Pick<Deps, 'activeGeneration'>): boolean {
  return origin !== undefined && (activeGeneration()?.configuration.www.allowedOrigins.includes(origin.toLowerCase()) ?? false)
}

/**
 * Pages of other sites get nothing of the API, unless the configuration names their origin: these may read what everybody may, and with a token
 * what its owner may. Without one they do nothing: any page that such a site shows could, to whoever looks at it.
 */
export function refuseForeignPages(deps: Pick<Deps, 'activeGeneration' | 'settings'>) {
  return (request: Request, response: Response, next: NextFunction) => {
    response.vary('origin')
    if (isSameOrigin(request, deps.settings.baseUrl)) return next()
    if (!isAllowedOrigin(request, deps)) return refuse(request, response, { status: 400, message: 'invalid origin' })
    setForeign(request)
    response.set('access-control-allow-origin', request.headers.origin)
    if (request.method === 'OPTIONS') return answerPreflight(request, response)
    response.set('access-control-expose-headers', readable)
    const reads = request.method === 'GET' || request.method === 'HEAD'
    if (!reads && bearerOf(request) === null) return refuse(request, response, { status: 403, message: 'a page of another site needs a token for this, in the header Authorization' })
    next()
  }
}

function answerPreflight(request: Request, response: Response): void {
  if (!methods.includes(request.get('access-control-request-method') ?? '')) return refuse(request, response, { status: 400, message: 'invalid method' })
  response.set({ 'access-control-allow-methods': methods.join(', '), 'access-control-allow-headers': sendable, 'access-control-max-age': String(preflightSeconds) }).end()
}

function refuse(request: Request, response: Response, { status, message }: { status: number; message: string }): void {
  response.status(status).json(request.method === 'POST' ? { error: { message } } : { error: message })
}
