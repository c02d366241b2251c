import type { IncomingMessage } from 'node:http'

/** Whether a browser says that another site's page has sent it here, which a form, a link or an image may do. Old browsers and programs say nothing. */
export const isCrossSite = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site'

/**
 * Whether a request may come from the page that sent it: one of ours, or no page at all. Browsers let any page open a WebSocket to us,
 * and post to us, as long as nobody asks. Any page may lead to us by a link.
 */
export function isSameOrigin({ headers, method = 'GET' }: Pick<IncomingMessage, 'headers' | 'method'>, baseUrl: string): boolean {
  if (headers.origin === undefined) return method === 'GET' || method === 'HEAD' || !isCrossSite({ headers })
  if (!URL.canParse(headers.origin)) return false
  const [origin, base] = [new URL(headers.origin), new URL(baseUrl)]
  // What came in clear may be anybody's, and some browsers send our cookie with it all the same.
  if (base.protocol === 'https:' && origin.protocol !== 'https:' && origin.hostname === base.hostname) return false
  return origin.host === base.host || origin.host === headers.host
}
