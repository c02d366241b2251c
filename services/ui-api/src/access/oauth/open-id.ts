import { allowInsecureRequests, ClientSecretBasic, ClientSecretPost, clockTolerance, Configuration, discovery, enableNonRepudiationChecks, fetchUserInfo } from 'openid-client'
import { z } from 'zod'
import { personOf } from '../person.js'
import { SignInRefused } from '../www-of.js'
import { answerSeconds, isPlain, type Provider, type Tokens } from './provider.js'

export type OpenIdOptions = {
  name: string
  issuer: string
  scopes: readonly string[]
  claims: { username: string; fullName: string; email: string; groups: string }
  /** Only their members come in; null: everybody. */
  groups: readonly string[] | null
}

/** Between our clock and the provider's. */
const skewSeconds = 60

const groupList = z.union([z.array(z.string()), z.string().transform(text => [text])]).catch([])
const text = z.union([z.string(), z.number().transform(String)]).nullish().catch(null)

/** Asks the provider for its addresses and keys. Rejects when it does not answer, or is another than it was asked as. */
export async function discoverOpenId({ name, issuer, scopes, claims, groups }: OpenIdOptions, { clientId, clientSecret }: { clientId: string; clientSecret: string }): Promise<Provider> {
  const insecure = isPlain(issuer) ? [allowInsecureRequests] : []
  const metadata = { client_secret: clientSecret, [clockTolerance]: skewSeconds }
  const found = await discovery(new URL(issuer), clientId, metadata, undefined, { execute: insecure, timeout: answerSeconds })
  const methods = found.serverMetadata().token_endpoint_auth_methods_supported
  const authenticate = methods !== undefined && !methods.includes('client_secret_post') && methods.includes('client_secret_basic') ? ClientSecretBasic(clientSecret) : ClientSecretPost(clientSecret)
  // Made for each use: one that is kept keeps keys, too, and does not know those that a provider has changed to within the last minute.
  const anew = (): Configuration => {
    const configuration = new Configuration(found.serverMetadata(), clientId, metadata, authenticate)
    configuration.timeout = answerSeconds
    // The token's own signature counts, whatever ends TLS on the way to us.
    for (const each of [...insecure, enableNonRepudiationChecks]) each(configuration)
    return configuration
  }

  const told = async (tokens: Tokens): Promise<Map<string, unknown>> => {
    const own = tokens.claims()
    if (!own) throw new SignInRefused(502, `${name} did not tell who you are: there was no ID token`)
    const configuration = anew()
    const info = configuration.serverMetadata().userinfo_endpoint === undefined ? {} : await fetchUserInfo(configuration, tokens.access_token, own.sub)
    return new Map<string, unknown>([...Object.entries(own), ...Object.entries(info)])
  }

  return {
    get configuration() { return anew() },
    scope: scopes.join(' '), isOpenId: true,
    async person(tokens) {
      const claim = await told(tokens)
      const username = text.parse(claim.get(claims.username))
      if (username == null) throw new SignInRefused(403, `${name} did not tell your user name: it has no claim '${claims.username}' (claims.username of auth.oidc says which)`)
      // Where an address is the name, somebody else's must not do.
      if (claims.username === 'email' && claim.get('email_verified') !== true) throw new SignInRefused(403, `${name} has not verified the address ${username}`)
      // Roles go by addresses: one that is known not to be the user's says nothing.
      const email = String(claim.get('email_verified')) === 'false' ? null : text.parse(claim.get(claims.email))
      const memberOf = groupList.parse(claim.get(claims.groups))
      if (groups !== null && !groups.some(group => memberOf.includes(group))) throw new SignInRefused(403, `${username} is not a member of ${groups.join(' or ')} at ${name}`)
      return personOf({ username, fullName: text.parse(claim.get(claims.fullName)), email, groups: memberOf })
    },
  }
}
