import { declare } from './declare.js'
import type { Declared } from './declare.js'

/** Of what is a name: a text is a glob (`docs-*`). */
export type Names = string | RegExp

/** Whom a rule lets: who has a role that matches, or everybody, or who has signed in. */
type Lets = { role: Names; who?: undefined } | { who: 'anybody' | 'signedIn'; role?: undefined }

export type RuleOptions = Lets & {
  /** Whether the rules end here for those whom it does not let; true unless said otherwise. */
  defaultDeny?: boolean
}

export type BuilderRuleOptions = RuleOptions & { builder?: Names; /** The builder has one of them. */ tags?: string[]; project?: Names }

export type ControlRuleOptions = BuilderRuleOptions & {
  /** By their names in REST: `['pause', 'unpause']`, `['drain']`; all unless said otherwise. */
  actions?: Names[]
  worker?: Names
  scheduler?: Names
}

export type WorkerOwnerOptions = { worker?: Names; /** False unless said otherwise. */ defaultDeny?: boolean }

export type AllowRuleDeclaration =
  | Declared<'authz.anyEndpoint' | 'authz.anyControlEndpoint', RuleOptions> | Declared<'authz.forceBuild' | 'authz.stopBuild' | 'authz.rebuildBuild', BuilderRuleOptions>
  | Declared<'authz.enableScheduler', RuleOptions & { scheduler?: Names }> | Declared<'authz.control', ControlRuleOptions>
  | Declared<'authz.path', RuleOptions & { path: Names }> | Declared<'authz.workerOwner', WorkerOwnerOptions>

export type RoleMatcherDeclaration =
  | Declared<'authz.rolesFromGroups', { groupPrefix?: string }> | Declared<'authz.rolesFromEmails' | 'authz.rolesFromDomain', { [role: string]: string[] }>
  | Declared<'authz.rolesFromUsername', { roles: string[]; usernames: string[] }> | Declared<'authz.rolesFromOwner', { role: string }>

/** Buildbot's `util.Authz`. */
export type AuthzOptions = {
  roleMatchers?: RoleMatcherDeclaration[]
  /** In their order. A control action that none of them allows is denied. */
  allowRules?: AllowRuleDeclaration[]
}

/** Who may do what: `www: { authz: { roleMatchers: […], allowRules: […] } }`. */
export const authz = {
  /** Each group whose name begins with the prefix is a role, without the prefix. */
  rolesFromGroups: (options: { groupPrefix?: string } = {}): RoleMatcherDeclaration => declare('authz.rolesFromGroups', options),
  /** `{ admins: ['alice@example.org'] }` */
  rolesFromEmails: (roles: { [role: string]: string[] }): RoleMatcherDeclaration => declare('authz.rolesFromEmails', roles),
  /** `{ staff: ['example.org'] }` */
  rolesFromDomain: (roles: { [role: string]: string[] }): RoleMatcherDeclaration => declare('authz.rolesFromDomain', roles),
  rolesFromUsername: (options: { roles: string[]; usernames: string[] }): RoleMatcherDeclaration => declare('authz.rolesFromUsername', options),
  /** Who asked for a build has this role for it. */
  rolesFromOwner: (options: { role: string }): RoleMatcherDeclaration => declare('authz.rolesFromOwner', options),

  /** Everything, reading too. */
  anyEndpoint: (options: RuleOptions): AllowRuleDeclaration => declare('authz.anyEndpoint', options),
  /** Everything but reading. */
  anyControlEndpoint: (options: RuleOptions): AllowRuleDeclaration => declare('authz.anyControlEndpoint', options),
  forceBuild: (options: BuilderRuleOptions): AllowRuleDeclaration => declare('authz.forceBuild', options),
  /** Stopping builds, and cancelling what waits. */
  stopBuild: (options: BuilderRuleOptions): AllowRuleDeclaration => declare('authz.stopBuild', options),
  rebuildBuild: (options: BuilderRuleOptions): AllowRuleDeclaration => declare('authz.rebuildBuild', options),
  enableScheduler: (options: RuleOptions & { scheduler?: Names }): AllowRuleDeclaration => declare('authz.enableScheduler', options),
  /** Actions by name, of things by name. */
  control: (options: ControlRuleOptions): AllowRuleDeclaration => declare('authz.control', options),
  /** Requests by their path, e.g. `/api/yard/v1/instances*`, reading too. */
  path: (options: RuleOptions & { path: Names }): AllowRuleDeclaration => declare('authz.path', options),
  /** An owner (`workers.worker({ owners: […] })`) may pause, unpause, stop and kill the worker, and stop what runs on it. */
  workerOwner: (options: WorkerOwnerOptions = {}): AllowRuleDeclaration => declare('authz.workerOwner', options),
}
