import type { Request, Response } from 'express'

/** The same data with the keys of every object in order, as Buildbot answers it. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, item]) => [key, sortKeys(item)]))
}

/** Compact for programs that accept JSON; for people in a browser readable text. */
export function sendJson(request: Request, response: Response, body: unknown): void {
  const compact = (request.headers.accept ?? '').includes('application/json')
  response.set('content-type', `${compact ? 'application/json' : 'text/plain'}; charset=utf-8`)
  response.send(JSON.stringify(sortKeys(body), null, compact ? undefined : 2))
}

export function sendError(response: Response, status: number, message: string): void {
  response.status(status).set('content-type', 'text/plain; charset=utf-8').send(JSON.stringify({ error: message }))
}
