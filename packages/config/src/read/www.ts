import { wwwDefaults, type WwwConfig } from '@yardmaster/domain'
import { auth, sessions } from './auth.js'
import { authz } from './authz.js'
import { frontend } from './frontend.js'
import { oneOf } from './leaves.js'
import { leaf, list, mapped, or, record, type Reader } from './reader.js'

const origin = leaf('an origin, e.g. https://dashboard.example.org', value => (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value ? value : undefined))

export const www: Reader<WwwConfig> = mapped(record({
  auth: or(auth, wwwDefaults.auth),
  authz: or(authz, wwwDefaults.authz),
  sessions: or(sessions, wwwDefaults.sessions),
  reading: or(oneOf('open', 'closed'), wwwDefaults.reading),
  allowedOrigins: or(list(origin, 'a list of origins'), wwwDefaults.allowedOrigins),
  ...frontend,
}, 'www: a record'), given => ({ ...wwwDefaults, ...given }))
