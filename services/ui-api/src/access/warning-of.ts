import type { AuthConfig } from '@yardmaster/domain'
import { isLoopback } from '../http/own-host.js'

/** What whoever starts a server for others should know of who may do what; null: nothing. */
export function warningOf(auth: AuthConfig | undefined, { host, baseUrl }: { host: string; baseUrl: string }): string | null {
  if (auth !== undefined && auth.kind !== 'none') return null
  if (isLoopback(host) && isLoopback(new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1'))) return null
  return auth?.anywhere === true ? 'nobody signs in (auth.none({ anywhere: true })): whoever reaches this address may see everything, and start and stop builds'
    : 'nobody can sign in, so whoever comes from elsewhere may look and do nothing: let people sign in with www.auth in the configuration, e.g. auth.userFile({ file }), or say auth.none({ anywhere: true }) if everybody may do everything'
}
