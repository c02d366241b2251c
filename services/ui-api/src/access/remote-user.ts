import type { RemoteUserAuth } from '@yardmaster/domain'
import type { IncomingMessage } from 'node:http'
import { isTrustedProxy } from './client-address.js'
import { personOf, type Person } from './person.js'

/** Whom the proxy in front has signed in. Null: nobody, or whoever says so is none of YARD_TRUSTED_PROXIES. Throws SignInRefused for a name that cannot be one. */
export function remoteUser(request: IncomingMessage, auth: RemoteUserAuth): Person | null {
  if (!isTrustedProxy(request)) return null
  const header = (name: string | null): string | null => {
    const [value = '', ...others] = (name === null ? undefined : request.headersDistinct[name.toLowerCase()]) ?? []
    // Sent twice, one of them may be the client's own.
    return value !== '' && others.length === 0 ? value : null
  }
  const told = header(auth.header)
  const { source, flags } = auth.headerRegex
  const matched = told === null ? null : new RegExp(`^(?:${source})`, flags).exec(told)
  if (!matched?.groups?.['username']) return null
  const { username, email, full_name: fullName } = matched.groups
  return personOf({ username, fullName: header(auth.fullNameHeader) ?? fullName, email: header(auth.emailHeader) ?? email, groups: (header(auth.groupsHeader) ?? '').split(',').map(group => group.trim()) })
}
