import type { Configuration, TokenEndpointResponse, TokenEndpointResponseHelpers } from 'openid-client'
import type { Person } from '../person.js'

export type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers

/** Somewhere to be sent to for signing in, as it is configured just now. */
export type Provider = {
  configuration: Configuration
  scope: string
  /** An ID token comes with a nonce of ours. */
  isOpenId: boolean
  /** Whom the tokens are for. Throws SignInRefused. */
  person(tokens: Tokens): Promise<Person>
}

/** Of an answer of the provider, as sparing as somebody's patience. */
export const answerSeconds = 15

/** openid-client refuses what goes in clear, unless it is told that the address was chosen so. */
export const isPlain = (url: string) => url.startsWith('http://')
