import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/** How this server is reached. */
export type Reach = { baseUrl: string; /** The address that it listens on. */ listensOn: string }

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, '$1')
const onlyHost = /^(\[[\da-f:.]+\]|[^\s:/?#@\\[\]]+)(?::\d*)?$/

export const isLoopback = (address: string) => address === 'localhost' || address === '::1' || (isIP(address) === 4 && address.startsWith('127.'))

/** The names of this machine for itself. */
const isLocal = (host: string) => host === 'localhost' || host === '127.0.0.1' || host === '[::1]'

/** All addresses: those of this machine for itself are among them. */
const isEverywhere = (address: string) => address === '' || address === '0.0.0.0' || address === '::'

/**
 * Why a request must not be answered: it is meant for another host. Null: it is meant for us.
 * A page of a foreign site whose name is made to resolve to our address (DNS rebinding) is of one origin with us for its browser, which
 * lets it read everything; that name in the header Host is all that tells it from ours. An address is no name that could be made to.
 */
export function refusalOfHost({ headers }: Pick<IncomingMessage, 'headers'>, { baseUrl, listensOn }: Reach): string | null {
  const host = onlyHost.exec((headers.host ?? '').toLowerCase())?.[1]
  if (host !== undefined) {
    if (host === new URL(baseUrl).hostname) return null
    if (isLocal(host) && (isLoopback(listensOn) || isEverywhere(listensOn))) return null
    if (isIP(withoutBrackets(host)) !== 0 && !isLoopback(listensOn)) return null
  }
  return `this is not the server of ${JSON.stringify(headers.host ?? '')}, which the header Host asks for: use its public address ${baseUrl}, or set YARD_BASE_URL to the one that is used`
}

/** Answered with 421 Misdirected Request. */
export class MisdirectedRequest extends Error {
  override name = 'MisdirectedRequest'
  readonly status = 421
}
