import type { AuthDeclaration } from './auth.js'
import type { AuthzOptions } from './authz.js'
import type { FrontendOptions } from './frontend.js'

export type WwwOptions = FrontendOptions & {
  /** Nobody signs in, and everybody on this machine may do everything, unless said otherwise. */
  auth?: AuthDeclaration
  /** Unless said otherwise, who has signed in may do everything, and nobody else anything but read. */
  authz?: AuthzOptions
  /** Whether who has not signed in may read; 'open' unless said otherwise. */
  reading?: 'open' | 'closed'
  /** Origins of other sites whose pages may use the API, e.g. `https://dashboard.example.org`. */
  allowedOrigins?: string[]
}
