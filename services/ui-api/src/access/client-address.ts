import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'

type Peer = { address: string; trusted: boolean }

const peers = new WeakMap<IncomingMessage, Peer>()

/**
 * Who is at the other end: the peer, or whom the proxies that we trust name in X-Forwarded-For. What anybody else says there is not believed.
 * Empty when the connection is already gone.
 */
export const clientAddress = (request: IncomingMessage): string => peers.get(request)?.address ?? ''

/** Whether the peer itself is one of YARD_TRUSTED_PROXIES, so that its headers may say who has signed in. False as long as nobody set them. */
export const isTrustedProxy = (request: IncomingMessage): boolean => peers.get(request)?.trusted ?? false

/** Whether this is the address of a proxy that may name its clients' addresses. */
export function proxiesOf(trustedProxies: readonly string[]): (address: string) => boolean {
  const trust = proxyAddr.compile(trustedProxies.length > 0 ? [...trustedProxies] : ['loopback'])
  return address => trust(withoutPort(address), 0)
}

/**
 * Notes of each request from where it comes; to be called before anything asks.
 * Unless said otherwise, a proxy on this machine may name addresses: without that, all of its clients would be one. It may sign nobody in:
 * every program of this machine, builds among them, comes from there.
 */
export function peersOf(trustedProxies: readonly string[]): (request: IncomingMessage) => void {
  const namesAddresses = proxiesOf(trustedProxies)
  const signsIn = trustedProxies.length > 0 ? namesAddresses : () => false
  return request => {
    const peer = withoutPort(request.socket.remoteAddress)
    // A proxy may write what is no address ("unknown"): then the one before it in the chain is the last that is known.
    const known = proxyAddr.all(request, namesAddresses).map(withoutPort)
    const end = known.findIndex(address => isIP(address) === 0)
    peers.set(request, { address: (end < 0 ? known : known.slice(0, end)).at(-1) ?? peer, trusted: signsIn(peer) })
  }
}

/** As some proxies write it: 192.0.2.1:4711, [2001:db8::1]:4711. IPv4 is IPv4 however the socket was opened. */
function withoutPort(text = ''): string {
  const bare = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return bare.replace(/^::ffff:(?=[\d.]+$)/i, '')
}
