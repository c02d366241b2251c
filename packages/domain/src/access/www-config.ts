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
}

export const wwwDefaults: WwwConfig = { auth: { kind: 'none', anywhere: false }, sessions: sessionsDefaults, authz: { roleMatchers: [], rules: [] }, reading: 'open', allowedOrigins: [], ...frontendDefaults }
