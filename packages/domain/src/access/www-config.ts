import type { AuthzConfig } from './authz-config.js'
import { frontendDefaults, type FrontendConfig } from './frontend-config.js'

/** How the installation is reached by people and programs, and what they may do: Buildbot's `c['www']`. */
export type WwwConfig = FrontendConfig & {
  auth: AuthConfig
  authz: AuthzConfig
  /** Whether who has not signed in may read. */
  reading: 'open' | 'closed'
  /** Origins of other sites whose pages may read (and, with a token, act): Buildbot's `allowed_origins`. */
  allowedOrigins: string[]
}

/** Where people sign in. none: everybody may do everything, which is refused beyond this machine unless it is said to be meant (`anywhere`). */
export type AuthConfig = { kind: 'none'; anywhere: boolean }

export const wwwDefaults: WwwConfig = { auth: { kind: 'none', anywhere: false }, authz: { roleMatchers: [], rules: [] }, reading: 'open', allowedOrigins: [], ...frontendDefaults }
