import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { bearer, client, startFakeProvider, type FakeProvider, type Grant } from './fake-provider.js'

/** What is wrong with the ID tokens. */
export type Flaw = 'nonce' | 'issuer' | 'audience' | 'signature' | 'expired' | 'unsigned' | null

export type FakeOpenId = FakeProvider & { flaw: Flaw; claims: { [name: string]: unknown }; info: { [name: string]: unknown }; /** Of its clock, against ours. */ skewSeconds: number }

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An OpenID provider with one user; GitLab is one, too. */
export async function startFakeOpenId({ now }: { now(): number }): Promise<FakeOpenId> {
  const [own, another] = [generateKeyPairSync('rsa', { modulusLength: 2048 }), generateKeyPairSync('rsa', { modulusLength: 2048 })]
  const idToken = (issuer: string, grant: Grant): string => {
    const seconds = Math.floor(now() / 1_000) + state.skewSeconds
    const payload = {
      iss: state.flaw === 'issuer' ? 'https://evil.example' : issuer, aud: state.flaw === 'audience' ? 'another-client' : client.id, sub: 'subject-1',
      iat: seconds - (state.flaw === 'expired' ? 3_600 : 0), exp: seconds + (state.flaw === 'expired' ? -1_800 : 300), nonce: state.flaw === 'nonce' ? 'another' : grant.nonce, ...state.claims,
    }
    const content = `${base64({ alg: state.flaw === 'unsigned' ? 'none' : 'RS256', kid: 'k1', typ: 'JWT' })}.${base64(payload)}`
    if (state.flaw === 'unsigned') return `${content}.`
    return `${content}.${sign('sha256', Buffer.from(content), (state.flaw === 'signature' ? another : own).privateKey).toString('base64url')}`
  }
  const provider = await startFakeProvider({
    authorizePath: '/authorize', tokenPath: '/token', refused: { status: 400, json: { error: 'invalid_grant', error_description: 'the code has expired' } },
    tokens: grant => ({ id_token: idToken(provider.url, grant), expires_in: 300 }),
    answer(asked, { url, isToken }) {
      if (asked.url.pathname === '/.well-known/openid-configuration') {
        return { status: 200, json: {
          issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token`, userinfo_endpoint: `${url}/userinfo`, jwks_uri: `${url}/keys`,
          response_types_supported: ['code'], subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'], code_challenge_methods_supported: ['S256'],
        } }
      }
      if (asked.url.pathname === '/keys') return { status: 200, json: { keys: [{ ...createPublicKey(own.privateKey).export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] } }
      if (asked.url.pathname !== '/userinfo') return null
      return isToken(bearer(asked)) ? { status: 200, json: { sub: 'subject-1', ...state.info } } : { status: 401, json: { error: 'invalid_token' } }
    },
  })
  const state: FakeOpenId = Object.assign(provider, {
    flaw: null, skewSeconds: 0, claims: {},
    info: { preferred_username: 'ann', nickname: 'ann', name: 'Ann', email: 'ann@example.org', groups: ['builders', 'top/sub'] },
  })
  return state
}
