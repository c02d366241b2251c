import { sessionsDefaults, type AuthConfig, type SessionsConfig } from './auth-config.js'
import type { AuthzConfig } from './authz-config.js'
import { frontendDefaults, type FrontendConfig } from './frontend-config.js'

/** How the installation is reached by people and programs, and what they may do: Buildbot's `c['www']`. */
export type WwwConfig = FrontendConfig & {
  auth: AuthConfig
  sessions: SessionsConfig
  authz: AuthzConfig
  /** Whether who has not signed in may read. */
  reading: 'open' | 'closed'
  /** Origins of other sites whose pages may read (and, with a token, act): Buildbot's `allowed_origins`. */
  allowedOrigins: string[]
  rateLimits: RateLimitsConfig
}

/** Requests per minute that one client may send to one replica, dear ones counting more; null: as many as it likes. An anonymous client is an address. */
export type RateLimitsConfig = { anonymous: number | null; signedIn: number | null }

/** More than people and dashboards ask: it keeps a program that went wild from everybody else. */
export const rateLimitsDefaults: RateLimitsConfig = { anonymous: 60_000, signedIn: 60_000 }

export const wwwDefaults: WwwConfig = { auth: { kind: 'none', anywhere: false }, sessions: sessionsDefaults, authz: { roleMatchers: [], rules: [] }, reading: 'open', allowedOrigins: [], rateLimits: rateLimitsDefaults, ...frontendDefaults }
