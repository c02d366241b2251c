import type { IncomingMessage } from 'node:http'
import { isLoopback } from '../http/own-host.js'

const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server', 'x-real-ip']

/** Whether a request comes from this machine's own users: not from another, and not for another through a proxy that runs here. */
export function isFromThisMachine({ headers, socket }: IncomingMessage, baseUrl: string): boolean {
  const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
  return isLoopback(peer) && isLoopback(new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1')) && !forwarding.some(name => name in headers)
}
