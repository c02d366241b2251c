import type { RoleMatcher } from './authz-config.js'
import type { Caller } from './caller.js'

/** Whose something is, as the property `owner` says it: Buildbot keeps the e-mail address there, or else the user's name. */
export const isOwner = (caller: Caller, owner: string | null): boolean => owner !== null && owner !== '' && (owner === caller.email || owner === caller.username)

/** The roles that a caller has for what belongs to `owner`; who has not signed in has none. */
export function rolesOf(caller: Caller, matchers: readonly RoleMatcher[], owner: string | null): string[] {
  if (caller.username === null) return []
  return [...new Set(matchers.flatMap(matcher => rolesBy(matcher, caller, owner)))]
}

function rolesBy(matcher: RoleMatcher, caller: Caller, owner: string | null): string[] {
  const having = (roles: { [role: string]: string[] }, value: string | undefined): string[] =>
    (value === undefined ? [] : Object.entries(roles).flatMap(([role, values]) => (values.some(one => one.toLowerCase() === value) ? [role] : [])))
  switch (matcher.kind) {
    case 'fromGroups': return caller.groups.flatMap(group => (group.startsWith(matcher.groupPrefix) && group.length > matcher.groupPrefix.length ? [group.slice(matcher.groupPrefix.length)] : []))
    case 'fromEmails': return having(matcher.roles, caller.email?.toLowerCase())
    case 'fromDomain': return having(matcher.roles, caller.email?.toLowerCase().split('@').slice(1).at(-1))
    case 'fromUsername': return caller.username !== null && matcher.usernames.includes(caller.username) ? matcher.roles : []
    case 'fromOwner': return isOwner(caller, owner) ? [matcher.role] : []
  }
}
