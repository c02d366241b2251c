import { SendError } from '../send-error.js'

/** A webhook's URL is a secret as a whole, its path also by itself. Throws SendError for what is no URL. */
export function postedTo(webhook: string): { url: string; secrets: string[] } {
  if (!URL.canParse(webhook) || !/^https?:/i.test(webhook)) throw new SendError('the webhook is no http or https URL', { outcome: 'refused' })
  const { pathname } = new URL(webhook)
  return { url: webhook, secrets: [webhook, ...(pathname.length > 1 ? [pathname] : [])] }
}
