import { conflict, forbidden, invalid, notFound } from '../api-error.js'
import { creditsLeft } from '../bill.js'
import { attributeMissing, fieldsOf, integer, requiredText, text, unwrap, wrappedList, yesNo, type Fields } from '../fields.js'
import { randomText, uuidOf } from '../seeded-random.js'
import type { Account, Token, World } from '../world.js'
import { isMain, requireMain } from './access.js'
import { noContent, ok, param, type Answer, type Call } from './call.js'

export const detailFields = [
  'first_name', 'last_name', 'company', 'address', 'postal_code', 'city', 'email', 'phone', 'state', 'country', 'currency', 'language', 'vat_number', 'timezone',
] as const

export const getAccount = ({ world, account }: Call): Answer => ok({
  account: {
    credits: Math.round(creditsLeft(world, account.main) * 10_000) / 10_000,
    username: account.username,
    resource_limits: world.accounts.get(account.main)?.resourceLimits ?? {},
  },
})

export function listAccounts({ world, account }: Call): Answer {
  const mine = [...world.accounts.values()].filter(one => (isMain(account) ? one.main === account.main : one === account))
  return ok({ accounts: { account: mine.map(one => ({ roles: { role: one.roles }, type: isMain(one) ? 'main' : 'sub', username: one.username })) } })
}

function accountFor({ world, account }: Call, username: string): Account {
  const found = world.accounts.get(username)
  if (!found || found.main !== account.main) throw notFound('user', username)
  if (found !== account && !isMain(account)) throw forbidden('ACCOUNT_FORBIDDEN', 'The account details are only available to the main account.')
  return found
}

export function getAccountDetails(call: Call): Answer {
  const one = accountFor(call, param(call, 'username'))
  return ok({
    account: {
      ...Object.fromEntries(detailFields.map(field => [field, one.details[field] ?? ''])),
      allow_api: one.allowApi ? 'yes' : 'no',
      allow_gui: one.allowGui ? 'yes' : 'no',
      campaigns: { campaign: [] },
      enable_3rd_party_services: 'yes',
      ip_filters: { ip_filter: one.ipFilters },
      main_account: one.main,
      network_access: { network: one.networkAccess },
      roles: { role: one.roles },
      server_access: { server: one.serverAccess.map(uuid => ({ storage: 'yes', uuid })) },
      storage_access: { storage: one.storageAccess },
      tag_access: { tag: one.tagAccess.map(name => ({ name, storage: 'yes' })) },
      type: isMain(one) ? 'main' : 'sub',
      username: one.username,
    },
  })
}

const subFields = [
  ...detailFields, 'username', 'password', 'allow_api', 'allow_gui', 'tag_access', 'roles', 'server_access', 'storage_access', 'network_access', 'ip_filters', 'enable_3rd_party_services',
]

const names = (fields: Fields, name: string, item: string) => wrappedList(fields, name, item)?.map(one => (typeof one === 'string' ? one : requiredText(fieldsOf(one, name), item === 'tag' ? 'name' : 'uuid')))

function apply(one: Account, fields: Fields): void {
  for (const field of detailFields) one.details[field] = text(fields, field) ?? one.details[field] ?? ''
  one.allowApi = (yesNo(fields, 'allow_api') ?? (one.allowApi ? 'yes' : 'no')) === 'yes'
  one.allowGui = (yesNo(fields, 'allow_gui') ?? (one.allowGui ? 'yes' : 'no')) === 'yes'
  one.roles = names(fields, 'roles', 'role') ?? one.roles
  one.serverAccess = names(fields, 'server_access', 'server') ?? one.serverAccess
  one.storageAccess = names(fields, 'storage_access', 'storage') ?? one.storageAccess
  one.networkAccess = names(fields, 'network_access', 'network') ?? one.networkAccess
  one.tagAccess = names(fields, 'tag_access', 'tag') ?? one.tagAccess
  one.ipFilters = names(fields, 'ip_filters', 'ip_filter') ?? one.ipFilters
  one.password = text(fields, 'password') ?? one.password
}

export function createSubaccount(call: Call): Answer {
  const { world, account } = call
  requireMain(account)
  const fields = unwrap(call.body, 'sub_account', subFields)
  const username = requiredText(fields, 'username', 64)
  if (world.accounts.has(username)) throw conflict('RESOURCE_ALREADY_EXISTS', `The username ${username} is in use.`)
  const one: Account = {
    ...account, username, password: requiredText(fields, 'password'), details: {}, allowApi: true, allowGui: false, roles: [], serverAccess: [], storageAccess: [], networkAccess: [], tagAccess: [], ipFilters: [],
  }
  apply(one, fields)
  world.accounts.set(username, one)
  return noContent
}

function subaccount(call: Call): Account {
  requireMain(call.account)
  const one = accountFor(call, param(call, 'username'))
  if (isMain(one)) throw forbidden('ACCOUNT_FORBIDDEN', 'The main account cannot be changed.')
  return one
}

export function modifySubaccount(call: Call): Answer {
  apply(subaccount(call), unwrap(call.body, 'account', subFields))
  return noContent
}

export function deleteSubaccount(call: Call): Answer {
  const { username } = subaccount(call)
  call.world.accounts.delete(username)
  for (const [id, token] of call.world.tokens) if (token.username === username) call.world.tokens.delete(id)
  return noContent
}

const tokenLetters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** Longest that a token may be good for. */
const longestMs = 366 * 86_400_000

const iso = (ms: number) => new Date(ms).toISOString()

function tokenView(token: Token, { used = true, secret = false } = {}) {
  return {
    allowed_ip_ranges: token.allowedIpRanges, can_create_tokens: token.canCreateTokens, created_at: iso(token.createdAt), expires_at: iso(token.expiresAt), gui: false, id: token.id,
    ...(used && token.lastUsedAt !== null ? { last_used_at: iso(token.lastUsedAt) } : {}), name: token.name, ...(secret ? { token: token.token } : {}), type: 'workspace',
  }
}

export function createToken(call: Call): Answer {
  const { world, account } = call
  if (call.body === undefined) throw attributeMissing('name')
  const fields = fieldsOf(call.body, 'token')
  const expiresAt = Date.parse(requiredText(fields, 'expires_at'))
  const now = world.clock.now()
  if (!(expiresAt > now) || expiresAt > now + longestMs) throw invalid('EXPIRES_AT_INVALID', 'The token has to expire in the future, within a year.')
  const ranges = fields['allowed_ip_ranges']
  const token: Token = {
    id: uuidOf('token', world.random), username: account.username, name: requiredText(fields, 'name'), token: `ucat_${randomText(26, tokenLetters, world.random)}`, createdAt: now, expiresAt,
    lastUsedAt: null, canCreateTokens: fields['can_create_tokens'] === true, allowedIpRanges: Array.isArray(ranges) ? ranges.map(String) : ['0.0.0.0/0', '::/0'],
  }
  world.tokens.set(token.id, token)
  return { status: 201, body: tokenView(token, { secret: true }), compact: true }
}

const tokensOf = ({ world, account }: Call) => [...world.tokens.values()].filter(({ username }) => username === account.username)

export function listTokens(call: Call): Answer {
  const offset = integer(Object.fromEntries(call.query), 'offset') ?? 0
  const limit = integer(Object.fromEntries(call.query), 'limit') ?? 100
  return { status: 200, body: tokensOf(call).slice(offset, offset + limit).map(token => tokenView(token)), compact: true }
}

function tokenFor(call: Call, world: World): Token {
  const id = param(call, 'id')
  const token = world.tokens.get(id)
  if (!token || token.username !== call.account.username) throw notFound('token', id)
  return token
}

export const getToken = (call: Call): Answer => ({ status: 200, body: tokenView(tokenFor(call, call.world)), compact: true })

export function deleteToken(call: Call): Answer {
  call.world.tokens.delete(tokenFor(call, call.world).id)
  return noContent
}
