import type { IncomingMessage } from 'node:http'
import type { Deps } from '../deps.js'

type Routed = { /** What express has matched so far, and what is left: of a web socket's request there is neither. */ baseUrl?: string; path?: string }

/**
 * The path of a request as rules name it: below the base path, decoded, of the alias the API's own, and there numbers without the zeros that may be
 * before them. All else is as it was routed, to the letter: read in another way (dots and backslashes resolved), a request for one thing would be let through as one for another.
 */
export function requestPath(request: IncomingMessage & Routed, { baseUrl }: Pick<Deps['settings'], 'baseUrl'>): string {
  const path = request.path === undefined ? request.url?.split('?')[0] ?? '/' : `${request.baseUrl ?? ''}${request.path}`
  const base = new URL(baseUrl).pathname.replace(/\/$/, '')
  const below = base !== '' && path.startsWith(`${base}/`) ? path.slice(base.length) : path
  const named = decoded(below).replace(/^\/api\/latest(?=\/|$)/, '/api/v2')
  return named.startsWith('/api/v2/') ? named.replaceAll(/(?<=\/)0+(?=\d+(?:\/|$))/g, '') : named
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
