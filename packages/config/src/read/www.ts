import { wwwDefaults, type AuthConfig, type WwwConfig } from '@yardmaster/domain'
import { authz } from './authz.js'
import { frontend } from './frontend.js'
import { boolean, oneOf } from './leaves.js'
import { byKind, leaf, list, mapped, or, record, type Reader } from './reader.js'

/** What a declaration of the vocabulary has besides its options. */
const auth: Reader<AuthConfig> = byKind({
  'auth.none': mapped(record({ anywhere: or(boolean, false) }, 'options of auth.none'), ({ anywhere }) => ({ kind: 'none', anywhere })),
}, 'where people sign in: auth.none(…)')

const origin = leaf('an origin, e.g. https://dashboard.example.org', value => (typeof value === 'string' && URL.canParse(value) && new URL(value).origin === value ? value : undefined))

export const www: Reader<WwwConfig> = mapped(record({
  auth: or(auth, wwwDefaults.auth),
  authz: or(authz, wwwDefaults.authz),
  reading: or(oneOf('open', 'closed'), wwwDefaults.reading),
  allowedOrigins: or(list(origin, 'a list of origins'), wwwDefaults.allowedOrigins),
  ...frontend,
}, 'www: a record'), given => ({ ...wwwDefaults, ...given }))
