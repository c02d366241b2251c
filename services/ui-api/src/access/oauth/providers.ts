import type { OAuthConfig } from '@yardmaster/domain'
import type { Deps } from '../../deps.js'
import { SignInRefused, textOf } from '../www-of.js'
import { githubProvider } from './github.js'
import { discoverOpenId, type OpenIdOptions } from './open-id.js'
import type { Provider } from './provider.js'

/** What a provider says of itself may change, its keys above all. */
const keptMs = 3_600_000

export type Providers = {
  /** As configured now. Throws SignInRefused (503) when it cannot be asked for its addresses; the next one asks again. */
  find(auth: OAuthConfig): Promise<Provider>
}

const gitlabClaims = { username: 'nickname', fullName: 'name', email: 'email', groups: 'groups' }

const openIdOf = (auth: Exclude<OAuthConfig, { kind: 'github' }>): OpenIdOptions => auth.kind === 'oidc' ? auth
  : { name: 'GitLab', issuer: auth.instanceUri, scopes: ['openid', 'profile', 'email'], claims: gitlabClaims, groups: auth.groups }

export function openProviders(deps: Pick<Deps, 'secrets' | 'clock'>): Providers {
  let kept: { key: string; until: number; provider: Promise<Provider> } | null = null
  return {
    async find(auth) {
      const client = { clientId: textOf(deps, auth.clientId), clientSecret: textOf(deps, auth.clientSecret) }
      const key = JSON.stringify([auth, client])
      if (kept?.key !== key || kept.until <= deps.clock.monotonic()) {
        const provider = auth.kind === 'github' ? Promise.resolve(githubProvider(auth, client)) : discoverOpenId(openIdOf(auth), client)
        const mine = { key, until: deps.clock.monotonic() + keptMs, provider }
        provider.catch(() => { if (kept === mine) kept = null })
        kept = mine
      }
      try {
        return await kept.provider
      } catch (error) {
        throw new SignInRefused(503, `${auth.kind === 'oidc' ? auth.name : 'the provider'} cannot be reached just now, or is not what the configuration says: try again later`, 10, { cause: error })
      }
    },
  }
}
