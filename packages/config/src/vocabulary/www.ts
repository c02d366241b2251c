import type { AuthDeclaration } from './auth.js'
import type { AuthzOptions } from './authz.js'
import type { FrontendOptions } from './frontend.js'
import type { Duration } from './values.js'

export type SessionsOptions = {
  /** Without a request; a week unless said otherwise. */
  idle?: Duration
  /** In any case; 30 days unless said otherwise. */
  longest?: Duration
  /** After signing in at GitHub, GitLab or an OpenID provider, which says then who is in which groups; a day unless said otherwise. */
  oauth?: Duration
  /** At a time; 20 unless said otherwise. */
  mostPerUser?: number
}

export type WwwOptions = FrontendOptions & {
  /** Nobody signs in, and everybody on this machine may do everything, unless said otherwise. */
  auth?: AuthDeclaration
  /** Unless said otherwise, who has signed in may do everything, and nobody else anything but read. */
  authz?: AuthzOptions
  /** How long somebody stays signed in. */
  sessions?: SessionsOptions
  /** Whether who has not signed in may read; 'open' unless said otherwise. */
  reading?: 'open' | 'closed'
  /** Origins of other sites whose pages may use the API, e.g. `https://dashboard.example.org`. */
  allowedOrigins?: string[]
  /** Requests per minute that one client (who has signed in, or an address) may send to one replica; 60,000 unless said otherwise, null for no limit. */
  rateLimits?: { anonymous?: number | null; signedIn?: number | null }
}
