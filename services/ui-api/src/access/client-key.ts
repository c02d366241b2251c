import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { Rank } from './admission.js'
import { callerOf } from './caller-of.js'
import { clientAddress } from './client-address.js'

/** Who asks, as it is counted: a person or token by name, everybody else by address. */
export function clientKey(request: IncomingMessage): { client: string; rank: Rank } {
  const { kind, actor } = callerOf(request)
  return kind === 'anonymous' ? { client: addressKey(request), rank: 'others' } : { client: actor, rank: 'people' }
}

export const addressKey = (request: IncomingMessage): string => `address:${network(clientAddress(request))}`

/** Of IPv6 the first 64 bits: whoever has one such address has all of them. */
export function network(address: string): string {
  if (isIP(address) !== 6) return address
  const [before = '', after] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const [head, tail] = [before, after ?? ''].map(part => part.split(':').filter(group => group !== ''))
  const groups = after === undefined ? head! : [...head!, ...Array<string>(Math.max(0, 8 - head!.length - tail!.length)).fill('0'), ...tail!]
  return `${groups.slice(0, 4).map(group => Number.parseInt(group, 16).toString(16)).join(':')}::/64`
}
