import type { AllowRule, AuthzConfig, RuleSubject } from './authz-config.js'
import { isStranger, type Caller } from './caller.js'
import { matchesName } from './name-pattern.js'
import { rolesOf } from './roles.js'
import { scopeProblem } from './scopes.js'

/** What somebody wants to do something to, as far as rules ask. */
export type AccessTarget = {
  /** As in REST: stop, force… ; get: to read. */
  action: string
  /** Its table. Null: of reading. */
  thing: string | null
  path: string | null
  builder: { name: string; tags: readonly string[]; project: string | null } | null
  worker: { name: string; owners: readonly string[] } | null
  scheduler: string | null
  /** Whose build it is. */
  owner: string | null
}

export const noTarget: AccessTarget = { action: 'get', thing: null, path: null, builder: null, worker: null, scheduler: null, owner: null }

/** `rule`: the place of the rule that decided; null: none did. `why`: a sentence's end, such as "you need the role 'admins'". */
export type Decision = { allowed: boolean; rule: number | null; why: string }

/** With it, whoever has set this up sees at once why nothing works from elsewhere. */
const strangersMay = 'nobody can sign in here, so only who is on the server itself may: let people sign in with www.auth in the configuration, e.g. auth.userFile(…), or say auth.none({ anywhere: true }) if everybody may do everything'

export type Policy = { /** Somebody can sign in. */ signIn: boolean; authz: AuthzConfig }

/**
 * Whether the caller may do it. As in Buildbot, the first rule about it that lets the caller decides, or the first that denies. When none does: reading
 * is allowed, and a control action where there are no rules, to everybody where nobody can sign in, else to who has signed in.
 */
export function decide({ signIn, authz }: Policy, caller: Caller, target: AccessTarget): Decision {
  if (isStranger(caller) && target.action !== 'get') return { allowed: false, rule: null, why: strangersMay }
  if (personal.has(target.action)) return ofOneself(signIn, caller)
  const narrow = scopeProblem(caller, target)
  if (narrow !== null) return { allowed: false, rule: null, why: narrow }
  for (const [index, rule] of authz.rules.entries()) {
    if (!isAbout(rule, target)) continue
    if (lets(rule.subject, caller, { authz, target })) return { allowed: true, rule: index, why: `rule ${index + 1} (${rule.call}) allows it` }
    if (rule.defaultDeny) return { allowed: false, rule: index, why: `${wanted(rule.subject)} (rule ${index + 1}, ${rule.call})` }
  }
  if (target.action === 'get') return { allowed: true, rule: null, why: 'no rule denies it' }
  if (authz.rules.length > 0) return { allowed: false, rule: null, why: 'no rule allows it' }
  if (!signIn) return { allowed: true, rule: null, why: 'nobody signs in, and there are no rules' }
  return caller.username === null ? { allowed: false, rule: null, why: 'you need to sign in' } : { allowed: true, rule: null, why: 'who has signed in may, as there are no rules' }
}

/** What everybody may do for himself, whatever the rules: a token never does more than its user. */
const personal = new Set(['createToken', 'revokeToken'])

function ofOneself(signIn: boolean, { kind, username, scopes }: Caller): Decision {
  if (kind === 'token') return { allowed: false, rule: null, why: 'a token makes and ends no tokens' }
  const allowed = scopes === null && (username !== null || !signIn)
  return { allowed, rule: null, why: allowed ? 'everybody may for himself' : 'you need to sign in' }
}

export function isAbout(rule: AllowRule, target: AccessTarget): boolean {
  const { action, thing, path, builder, worker, scheduler } = target
  if (rule.of === 'control' && action === 'get') return false
  const named = (pattern: AllowRule['builder'], name: string | null | undefined) => pattern === null || (typeof name === 'string' && matchesName(pattern, name))
  return (rule.actions === null || rule.actions.some(pattern => matchesName(pattern, action)))
    && (rule.things === null || (thing !== null && rule.things.includes(thing)))
    && (rule.tags === null || rule.tags.some(tag => builder?.tags.includes(tag)))
    && (rule.subject.kind !== 'workerOwner' || worker !== null)
    && named(rule.builder, builder?.name) && named(rule.project, builder?.project) && named(rule.worker, worker?.name) && named(rule.scheduler, scheduler) && named(rule.path, path)
}

function lets(subject: RuleSubject, caller: Caller, { authz, target: { owner, worker } }: { authz: AuthzConfig; target: AccessTarget }): boolean {
  if (subject.kind === 'anybody') return true
  if (caller.username === null) return false
  if (subject.kind === 'signedIn') return true
  const roles = rolesOf(caller, authz.roleMatchers, owner)
  if (subject.kind === 'role') return roles.some(role => matchesName(subject.role, role))
  return (worker?.owners ?? []).some(one => (one.startsWith('role:') ? roles.includes(one.slice(5)) : one === caller.username || one === caller.email))
}

function wanted(subject: RuleSubject): string {
  if (subject.kind === 'role') return `you need to have role '${subject.role.text}'`
  return subject.kind === 'workerOwner' ? 'you need to be an owner of the worker' : 'you need to sign in'
}
