import { wwwDefaults, type AuthConfig, type SecretRef, type WwwConfig } from '@yardmaster/domain'
import type { Deps } from '../deps.js'

/** Read for each request, so that a reload acts at once. */
export const wwwOf = ({ activeGeneration }: Pick<Deps, 'activeGeneration'>): WwwConfig => activeGeneration()?.configuration.www ?? wwwDefaults

export const authOf = (deps: Pick<Deps, 'activeGeneration'>): AuthConfig => wwwOf(deps).auth

/** Throws Error (503) where the server was not given the secret. */
export function textOf({ secrets }: Pick<Deps, 'secrets'>, text: string | SecretRef): string {
  if (typeof text === 'string') return text
  const value = secrets.get(text.$secret)
  if (value === undefined) throw new SignInRefused(503, `nobody can sign in: the secret '${text.$secret}' is not set on the server`)
  return value
}

/** Somebody is not let in; the message is for him. */
export class SignInRefused extends Error {
  override name = 'SignInRefused'
  constructor(readonly status: 400 | 401 | 403 | 429 | 501 | 502 | 503, message: string, readonly retryAfterSeconds: number | null = null, options?: ErrorOptions) {
    super(message, options)
  }
}
