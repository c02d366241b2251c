import { rateLimitsDefaults, wwwDefaults, type WwwConfig } from '@yardmaster/domain'
import { auth, sessions } from './auth.js'
import { authz } from './authz.js'
import { frontend } from './frontend.js'
import { oneOf, wholeNumber } from './leaves.js'
import { leaf, list, mapped, or, orNull, record, type Reader } from './reader.js'

const origin = leaf('an origin, e.g. https://dashboard.example.org', value => (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value ? value : undefined))

/** Requests per minute. */
const perMinute = (otherwise: number | null) => or(orNull(wholeNumber(1)), otherwise)
const rateLimits = record({ anonymous: perMinute(rateLimitsDefaults.anonymous), signedIn: perMinute(rateLimitsDefaults.signedIn) }, 'rateLimits: a record')

export const www: Reader<WwwConfig> = mapped(record({
  auth: or(auth, wwwDefaults.auth),
  authz: or(authz, wwwDefaults.authz),
  sessions: or(sessions, wwwDefaults.sessions),
  reading: or(oneOf('open', 'closed'), wwwDefaults.reading),
  allowedOrigins: or(list(origin, 'a list of origins'), wwwDefaults.allowedOrigins),
  ...frontend,
  rateLimits: or(rateLimits, wwwDefaults.rateLimits),
}, 'www: a record'), given => ({ ...wwwDefaults, ...given }))
