import { sessionsDefaults, type AuthConfig, type SessionsConfig } from '@yardmaster/domain'
import { boolean, duration, name, pattern, text, textOrSecret, wholeNumber } from './leaves.js'
import { byKind, leaf, list, mapOf, mapped, or, orNull, record, type Place, type Reader } from './reader.js'

const webAddress = leaf('an address that begins with https:// or http://, e.g. https://sso.example.org', value =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value) ? value.replace(/\/+$/, '') : undefined)
/** Compared with what a provider calls itself, to the letter. */
const issuer = leaf('an address that begins with https:// or http://, e.g. https://sso.example.org', value =>
  typeof value === 'string' && /^https?:\/\//.test(value) && URL.canParse(value) ? value : undefined)
const headerName = leaf('the name of a header', value => (typeof value === 'string' && /^[\w-]+$/.test(value) ? value : undefined))
const userName = /^[^\s:\p{Cc}][^:\p{Cc}]{0,127}$/u

const client = { clientId: textOrSecret, clientSecret: textOrSecret, autologin: or(boolean, false) }
const names = orNull(list(name, 'a list of names'))

const inTheOpen = (at: Place) => at.warn('is written in the configuration, which many can read: util.secret(name) takes it from where secrets are')

function kept<T extends { clientSecret: unknown }>(given: T, at: Place): T {
  if (typeof given.clientSecret === 'string') inTheOpen(at.at('clientSecret'))
  return given
}

/** What goes in clear over a network can be read and changed on its way, and with it who signs in. */
function safely<T>(address: (given: T) => string | null): (given: T, at: Place) => T {
  return (given, at) => {
    const url = address(given)
    if (url?.startsWith('http://') && !['localhost', '127.0.0.1', '[::1]'].includes(new URL(url).hostname)) at.warn(`${url} is not https: whoever is on the way to it can sign in as anybody`)
    return given
  }
}

/** Where people sign in. */
export const auth: Reader<AuthConfig> = byKind<AuthConfig>({
  'auth.none': mapped(record({ anywhere: or(boolean, false) }, 'options of auth.none'), given => ({ kind: 'none', ...given })),
  'auth.users': mapped(record({ users: mapOf(textOrSecret, "auth.users: passwords by name, e.g. { ann: util.secret('ann') }") }, 'options of auth.users'), ({ users }, at) => {
    for (const [user, password] of Object.entries(users)) {
      if (!userName.test(user)) at.at('users').at(user).wrong({ expected: 'a name without a colon, of at most 128 characters', found: `'${user}'` })
      if (typeof password === 'string') inTheOpen(at.at('users').at(user))
    }
    return { kind: 'users', users }
  }),
  'auth.userFile': mapped(record({ file: text }, 'options of auth.userFile'), given => ({ kind: 'userFile', ...given })),
  'auth.github': mapped(mapped(mapped(record({ ...client, serverURL: orNull(webAddress), apiURL: orNull(webAddress), getTeamsMembership: or(boolean, false), organizations: names }, 'options of auth.github'), kept),
    safely(given => given.serverURL)), given => ({ kind: 'github', ...given })),
  'auth.gitlab': mapped(mapped(mapped(record({ ...client, instanceUri: or(webAddress, 'https://gitlab.com'), groups: names }, 'options of auth.gitlab'), kept), safely(given => given.instanceUri)),
    given => ({ kind: 'gitlab', ...given })),
  'auth.oidc': mapped(mapped(mapped(record({
    ...client, issuer, name: orNull(name), scopes: or(list(name, 'a list of scopes'), ['openid', 'profile', 'email']), groups: names,
    claims: or(record({ username: or(name, 'preferred_username'), fullName: or(name, 'name'), email: or(name, 'email'), groups: or(name, 'groups') }, 'claims: names of claims'),
      { username: 'preferred_username', fullName: 'name', email: 'email', groups: 'groups' }),
  }, 'options of auth.oidc'), kept), safely(given => given.issuer)), given => ({ kind: 'oidc', ...given, name: given.name ?? new URL(given.issuer).hostname, scopes: [...new Set(['openid', ...given.scopes])] })),
  'auth.remoteUser': mapped(record({
    header: or(headerName, 'REMOTE_USER'), headerRegex: or(pattern, { source: '(?<username>[^ @]+)@(?<realm>[^ @]+)', flags: '' }),
    emailHeader: orNull(headerName), fullNameHeader: orNull(headerName), groupsHeader: orNull(headerName),
  }, 'options of auth.remoteUser'), (given, at) => {
    if (!given.headerRegex.source.includes('(?<username>')) at.at('headerRegex').wrong({ expected: 'a regular expression with a group (?<username>…)', found: `/${given.headerRegex.source}/` })
    return { kind: 'remoteUser', ...given }
  }),
}, 'where people sign in: auth.none(…), auth.users(…), auth.userFile(…), auth.github(…), auth.gitlab(…), auth.oidc(…) or auth.remoteUser(…)')

/** How long who has signed in stays so. */
export const sessions: Reader<SessionsConfig> = mapped(record({
  idle: or(duration, sessionsDefaults.idle), longest: or(duration, sessionsDefaults.longest), oauth: or(duration, sessionsDefaults.oauth), mostPerUser: or(wholeNumber(1), sessionsDefaults.mostPerUser),
}, 'sessions: a record'), (given, at) => {
  for (const option of ['idle', 'longest', 'oauth'] as const) if (given[option] < 60) at.at(option).wrong({ expected: 'at least a minute', found: `${given[option]} s` })
  return given
})
