import type { IncomingMessage } from 'node:http'
import { isSameOrigin } from './same-origin.js'

/** Whether a browser says that another site's page has sent it here, which a form, a link or an image may do. Old browsers and programs say nothing. */
export const isCrossSite = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => headers['sec-fetch-site'] === 'cross-site' || headers['sec-fetch-site'] === 'same-site'

export const isJson = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === 'application/json'

/**
 * Whether a request that does something may come from where it comes: our own page, or no page at all.
 * Without Origin and Sec-Fetch-Site it is no present browser's; what an old one can send for a foreign page without asking first is never JSON.
 */
export function mayComeFrom(request: IncomingMessage, baseUrl: string): boolean {
  return isSameOrigin(request, baseUrl) && !isCrossSite(request) && isJson(request)
}
