import type { Request, Response } from 'express'

type Keyed = { [key: string]: unknown }

/** The same data with the keys of every object in order, as Buildbot answers it. What is in order already, as rows are, is not copied. */
export function sortKeys(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return sortItems(value)
  return sortObject(value as Keyed)
}

function sortItems(items: unknown[]): unknown[] {
  let sorted: unknown[] | null = null
  for (const [index, item] of items.entries()) {
    const other = sortKeys(item)
    if (other !== item) (sorted ??= items.slice())[index] = other
  }
  return sorted ?? items
}

function sortObject(value: Keyed): Keyed {
  let before = ''
  let inOrder = true
  const changed = new Map<string, unknown>()
  for (const key of Object.keys(value)) {
    if (key < before) inOrder = false
    before = key
    const item = value[key]
    const sorted = sortKeys(item)
    if (sorted !== item) changed.set(key, sorted)
  }
  if (inOrder && changed.size === 0) return value
  return Object.fromEntries(Object.keys(value).sort().map(key => [key, changed.has(key) ? changed.get(key) : value[key]]))
}

export const isCompact = (request: Request) => (request.headers.accept ?? '').includes('application/json')
export const jsonText = (body: unknown, compact: boolean) => JSON.stringify(sortKeys(body), null, compact ? undefined : 2)
export const jsonType = (compact: boolean) => `${compact ? 'application/json' : 'text/plain'}; charset=utf-8`

/** Compact for programs that accept JSON; for people in a browser readable text. */
export function sendJson(request: Request, response: Response, body: unknown): void {
  const compact = isCompact(request)
  response.set('content-type', jsonType(compact)).send(jsonText(body, compact))
}

export function sendError(response: Response, status: number, message: string): void {
  response.status(status).set('content-type', 'text/plain; charset=utf-8').send(JSON.stringify({ error: message }))
}
