import { expect, test } from 'vitest'
import { auth, util, type AuthDeclaration } from '../index.js'
import { describe } from '../thread/describe.js'
import { readConfiguration } from './configuration.js'

/** As the configuration thread and then the reader have it. */
function read(given: AuthDeclaration) {
  const { tree } = describe({ workers: [], builders: [], www: { auth: given } })
  const { configuration, findings } = readConfiguration(tree)
  return { auth: configuration?.www.auth, told: findings.filter(({ path }) => path[0] === 'www').map(({ path, message }) => `${path.join('.')}: ${message}`) }
}
const client = { clientId: 'id', clientSecret: util.secret('s') }

test('where people sign in, with what was not said', () => {
  expect(read(auth.github({ ...client, serverURL: 'https://github.example.org/' }))).toEqual({ told: [], auth: {
    kind: 'github', clientId: 'id', clientSecret: { $secret: 's' }, autologin: false, serverURL: 'https://github.example.org', apiURL: null, getTeamsMembership: false, organizations: null,
  } })
  expect(read(auth.oidc({ ...client, issuer: 'https://sso.example.org/realms/main', scopes: ['email'] })).auth).toMatchObject({ name: 'sso.example.org', scopes: ['openid', 'email'], claims: { username: 'preferred_username', groups: 'groups' } })
  expect(read(auth.users({ ann: util.secret('ann') }))).toEqual({ told: [], auth: { kind: 'users', users: { ann: { $secret: 'ann' } } } })
  expect(read(auth.remoteUser({ headerRegex: /(?<username>.+)/ })).auth).toMatchObject({ header: 'REMOTE_USER', headerRegex: { source: '(?<username>.+)', flags: '' } })
})

test.each<[AuthDeclaration, RegExp]>([
  [auth.users({ 'a:b': util.secret('x') }), /without a colon/],
  [auth.users({ ann: 'open' }), /util\.secret\(name\)/],
  [auth.github({ clientId: 'id', clientSecret: 'open' }), /clientSecret: is written in the configuration/],
  [auth.gitlab({ ...client, instanceUri: 'http://gitlab.example.org' }), /is not https/],
  [auth.oidc({ ...client, issuer: 'sso.example.org' }), /begins with https/],
  [auth.remoteUser({ headerRegex: /(.+)/ }), /\(\?<username>…\)/],
])('%o is told of', (given, told) => { expect(read(given).told.join('\n')).toMatch(told) })
