import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../http/own-host.js'

/** Headers of proxies, and whether what they say is of this machine alone; null: what is forwarded at all may be of anybody. */
const forwarding: { readonly [header: string]: ((value: string) => boolean) | null } = {
  'x-forwarded-for': areAllOurs, 'x-real-ip': areAllOurs, 'x-forwarded-host': areAllOurs,
  forwarded: null, via: null, 'x-forwarded-server': null, 'x-client-ip': null, 'true-client-ip': null, 'cf-connecting-ip': null,
}

/**
 * Whether a request comes from this machine's own users: not from another, and not for another through a proxy that runs here. A proxy that says that it
 * asks for this machine (as those of web developers do) names every hop: one that is of elsewhere is among them. One that says nothing of itself, as nginx unless it is told to, is known by its HTTP/1.0 alone.
 */
export function isFromThisMachine({ headers, socket, httpVersion }: IncomingMessage, baseUrl: string): boolean {
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  if (!isLoopback(peer) || !isLoopback(new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1'))) return false
  if (httpVersion === '1.0') return false
  if ('x-forwarded-proto' in headers && !('x-forwarded-for' in headers)) return false
  return Object.entries(forwarding).every(([name, isOurs]) => !(name in headers) || (isOurs !== null && isOurs(String(headers[name]))))
}

function areAllOurs(value: string): boolean {
  return value.split(',').every(one => isLoopback(one.trim().replace(/^::ffff:/i, '').replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/^([\w.]+):\d+$/, '$1')))
}
