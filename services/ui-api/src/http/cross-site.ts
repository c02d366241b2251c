import type { IncomingMessage } from 'node:http'
import { isSameOrigin } from './same-origin.js'

const isJson = ({ headers }: Pick<IncomingMessage, 'headers'>): boolean => (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() === 'application/json'

/**
 * Whether a request that does something may come from where it comes: our own page, or no page at all.
 * Without Origin and Sec-Fetch-Site it is no present browser's; what an old one can send for a foreign page without asking first is never JSON.
 */
export function mayComeFrom(request: IncomingMessage, baseUrl: string): boolean {
  return isSameOrigin(request, baseUrl) && isJson(request)
}
