import { timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { ApiError, forbidden } from './api-error.js'
import type { Account, World } from './world.js'

const failed = () => new ApiError(401, 'AUTHENTICATION_FAILED', 'Authentication failed using the given username and password.')

function equal(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)]
  return first.length === second.length && timingSafeEqual(first, second)
}

/** `::ffff:127.0.0.1` is how a socket for both families names an IPv4 caller. */
const plainAddress = (address: string) => address.replace(/^::ffff:(?=\d+\.)/, '')

/** A single address, a CIDR range, or first-last. What cannot be read lets nobody in. */
export function isInRanges(caller: string, ranges: readonly string[]): boolean {
  const address = plainAddress(caller)
  const family = (text: string) => (isIP(text) === 6 ? 'ipv6' : 'ipv4')
  return ranges.some(range => {
    const list = new BlockList()
    try {
      const [first = '', prefix] = range.split('/')
      const [from = '', to] = range.split('-')
      if (prefix !== undefined) list.addSubnet(first, Number(prefix), family(first))
      else if (to !== undefined) list.addRange(from, to, family(from))
      else list.addAddress(range, family(range))
    } catch {
      return false
    }
    return list.check(address, family(address))
  })
}

function byToken(world: World, secret: string, caller: string): Account {
  const token = [...world.tokens.values()].find(one => equal(one.token, secret))
  const account = token && world.accounts.get(token.username)
  if (!token || !account || token.expiresAt <= world.clock.now() || !isInRanges(caller, token.allowedIpRanges)) throw failed()
  token.lastUsedAt = world.clock.now()
  return account
}

function byPassword(world: World, encoded: string): Account {
  const [username = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  const account = world.accounts.get(username)
  if (!account || !equal(account.password, rest.join(':'))) throw failed()
  return account
}

/** Whose request it is, by token or by password. Throws ApiError. `caller`: the address it comes from. */
export function authenticate(world: World, authorization: string | undefined, caller: string): Account {
  const [scheme = '', secret = ''] = (authorization ?? '').split(' ')
  const account = scheme.toLowerCase() === 'bearer' ? byToken(world, secret, caller) : scheme.toLowerCase() === 'basic' ? byPassword(world, secret) : undefined
  if (!account) throw failed()
  if (!account.allowApi || (account.ipFilters.length > 0 && !isInRanges(caller, account.ipFilters))) throw forbidden('ACTION_FORBIDDEN', 'The account may not use the API from this address.')
  return account
}
