import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

const offers = new Set(['connection', 'upgrade', 'http2-settings'])

export const asksForWebSocket = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => (headers.upgrade ?? '').toLowerCase().split(',').some(protocol => protocol.trim() === 'websocket')

/**
 * Answers as if nothing had been offered: Java's client offers HTTP/2 (`Upgrade: h2c`) with its first request of each connection, and a server that
 * speaks none of what is offered goes on in HTTP/1.1.
 */
export function answerWithoutUpgrade(server: Server, { method, url, headers, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let at = 0; at < rawHeaders.length; at += 2) if (!offers.has(rawHeaders[at]!.toLowerCase())) lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`)
  if (/(?:^|,)\s*close\s*(?:,|$)/i.test(headers.connection ?? '')) lines.push('Connection: close')
  // Read once more, from its beginning.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}
