import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'

/** The path of a request as rules name it: below the base path, decoded, and of the alias the API's own. */
export function requestPath(request: IncomingMessage & { originalUrl?: string }, { baseUrl }: Pick<Deps['settings'], 'baseUrl'>): string {
  const { pathname } = new URL(request.originalUrl ?? request.url ?? '/', 'http://localhost')
  const base = new URL(baseUrl).pathname.replace(/\/$/, '')
  const below = base !== '' && pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname
  return decoded(below).replace(/^\/api\/latest(?=\/|$)/, '/api/v2')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
