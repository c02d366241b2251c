import { generateKeyPairSync } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration } from 'oidc-provider'
import { client } from './fake-provider.js'

export type RealOpenId = {
  url: string
  /** Whether the user lets himself be signed in. */
  consents: boolean
  /** Signs with another key from now on, and has no other. */
  rotateKeys(): void
  /** Whoever asks it finds the connection broken. */
  isAway: boolean
  close(): Promise<void>
}

type Options = {
  redirectUri: string
  /** Where the claims of profile, email and groups are. */
  claimsIn: 'idToken' | 'userinfo'
}

const account = { preferred_username: 'ann', name: 'Ann', email: 'ann@example.org', email_verified: true, groups: ['builders', 'top/sub'] }
let keys = 0

/** The library oidc-provider, certified to do as OpenID Connect says, with one user who has signed in there already. */
export async function startRealOpenId({ redirectUri, claimsIn }: Options): Promise<RealOpenId> {
  let handle: (request: IncomingMessage, response: ServerResponse) => unknown = () => {}
  const server = createServer((request, response) => void (real.isAway ? request.socket.destroy() : handle(request, response)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const real: RealOpenId = {
    url: `http://127.0.0.1:${port}`, consents: true, isAway: false,
    rotateKeys() { handle = handlerOf(real, { redirectUri, claimsIn }) },
    close: () => new Promise(resolve => { server.close(() => resolve()); server.closeAllConnections() }),
  }
  real.rotateKeys()
  return real
}

function handlerOf(real: RealOpenId, options: Options) {
  const provider = new Provider(real.url, configurationOf(options))
  const callback = provider.callback()
  const interact = async (request: IncomingMessage, response: ServerResponse) => {
    const result = real.consents ? { login: { accountId: 'subject-1' } } : { error: 'access_denied', error_description: 'the user said no' }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }
  return (request: IncomingMessage, response: ServerResponse) => (request.url?.startsWith('/interaction/') ? interact(request, response).catch(() => response.destroy()) : callback(request, response))
}

function configurationOf({ redirectUri, claimsIn }: Options): Configuration {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
  return {
    clients: [client.id, 'another-client'].map(id => ({
      client_id: id, client_secret: client.secret, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code' as const], token_endpoint_auth_method: 'client_secret_post' as const,
    })),
    jwks: { keys: [{ ...key, kty: 'RSA', kid: `key-${++keys}`, use: 'sig', alg: 'RS256' }] },
    pkce: { required: () => true },
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'], email: ['email', 'email_verified'], groups: ['groups'] },
    conformIdTokenClaims: claimsIn === 'userinfo',
    features: { devInteractions: { enabled: false }, userinfo: { enabled: claimsIn === 'userinfo' } },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    cookies: { keys: ['of tests'] },
    interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...account }) }),
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client!.clientId, accountId: oidc.session!.accountId! })
      grant.addOIDCScope('openid profile email groups')
      await grant.save()
      return grant
    },
  }
}
