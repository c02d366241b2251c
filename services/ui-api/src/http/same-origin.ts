import type { IncomingMessage } from 'node:http'

/**
 * Whether a request may come from the page that sent it: one of ours, or no page at all. Browsers let any page open a WebSocket to us,
 * and post to us, as long as nobody asks.
 */
export function isSameOrigin({ headers }: IncomingMessage, baseUrl: string): boolean {
  if (headers.origin === undefined) return true
  if (!URL.canParse(headers.origin)) return false
  const { host } = new URL(headers.origin)
  return host === headers.host || host === new URL(baseUrl).host
}
