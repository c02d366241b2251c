import { parseCookie, stringifySetCookie } from 'cookie'
import type { IncomingMessage } from 'node:http'

/** How cookies are set under a public address: for its path alone, and where that is https, never in clear. */
export type CookiePlace = { path: string; secure: boolean }

export function cookiePlace(baseUrl: string): CookiePlace {
  const { protocol, pathname } = new URL(baseUrl)
  return { path: pathname.endsWith('/') ? pathname : `${pathname}/`, secure: protocol === 'https:' }
}

/** Browsers hold the prefixes to be a promise: nobody else, not even a subdomain, has set it. */
export function cookieName(name: string, { path, secure }: CookiePlace): string {
  if (!secure) return name
  return path === '/' ? `__Host-${name}` : `__Secure-${name}`
}

export function readCookie({ headers: { cookie } }: Pick<IncomingMessage, 'headers'>, name: string): string | undefined {
  if (cookie === undefined) return undefined
  // Of two of the same name, one may be of a neighbour (ci.example.org's of docs.example.org), who wants to have people work as himself.
  const isTwice = name.startsWith('__') && cookie.split(';').filter(each => each.trim().startsWith(`${name}=`)).length > 1
  return isTwice ? undefined : parseCookie(cookie)[name]
}

/** Of the cookies that the request brings, the names that begin so, the oldest last, as browsers send them. */
export const cookieNames = ({ headers: { cookie = '' } }: Pick<IncomingMessage, 'headers'>, beginning: string): string[] =>
  Object.keys(parseCookie(cookie)).filter(name => name.startsWith(beginning)).reverse()

/** A line of Set-Cookie. `maxAge` 0 takes it back. */
export function setCookieLine(name: string, value: string, { path, secure }: CookiePlace, maxAge: number): string {
  return stringifySetCookie({ name, value, path, secure, maxAge: Math.floor(maxAge), httpOnly: true, sameSite: 'lax' })
}
