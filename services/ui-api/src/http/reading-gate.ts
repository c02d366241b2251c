import type { Request, RequestHandler, Response } from 'express'
import { callerOf } from '../access/caller-of.js'
import { requestPath } from '../access/request-path.js'
import type { Deps } from '../deps.js'
import { sendError } from './json.js'

/** Who has a password of their own there, and who asks who they are. */
const open = /^\/api\/yard\/v1\/(?:try|me)$/

/** Named relative to it, so that the way back works below every base path. */
const docs = /^\/api\/docs\/?$/

/** Lets those through who may read what they ask for; whether they may do what they ask is for others to say. */
export function readingGate({ access, settings }: Pick<Deps, 'access' | 'settings'>): RequestHandler {
  return (request, response, next) => {
    const path = requestPath(request, settings)
    if (open.test(path)) return next()
    const caller = callerOf(request)
    const { allowed, why } = access.reading(caller, path)
    if (allowed) next()
    else if (caller.kind === 'anonymous' && docs.test(path) && request.accepts(['json', 'html']) === 'html') response.redirect(`${path.endsWith('/') ? '../../' : '../'}sign-in?to=api/docs/`)
    else refuse(request, response, { status: caller.kind === 'anonymous' ? 401 : 403, message: `you may not read ${path}: ${why}` })
  }
}

function refuse(request: Request, response: Response, { status, message }: { status: 401 | 403; message: string }): void {
  if (status === 401) response.set('www-authenticate', 'Bearer realm="Yardmaster"')
  const isControl = request.method === 'POST' && /\/api\/(?:v2|latest)(?:\/|$)/.test(request.originalUrl)
  if (isControl) response.status(status).set('content-type', 'application/json').send(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32600, message } }))
  else sendError(response, status, message)
}
