/** A glob or a regular expression of the configuration: `text` is as it was written. */
export type NamePattern = { text: string; source: string; flags: string }

/** Where a caller's roles come from: Buildbot's role matchers. */
export type RoleMatcher =
  | { kind: 'fromGroups'; groupPrefix: string }
  /** E-mail addresses by role. */
  | { kind: 'fromEmails'; roles: { [role: string]: string[] } }
  /** Domains of e-mail addresses by role. */
  | { kind: 'fromDomain'; roles: { [role: string]: string[] } }
  | { kind: 'fromUsername'; roles: string[]; usernames: string[] }
  /** Whose build, request or buildset it is. */
  | { kind: 'fromOwner'; role: string }

/** Whom a rule lets do it. workerOwner: whom the worker's `owners` name. */
export type RuleSubject = { kind: 'role'; role: NamePattern } | { kind: 'anybody' } | { kind: 'signedIn' } | { kind: 'workerOwner' }

/** Buildbot's endpoint matcher: what it is about, and who may do that. A condition that is null asks nothing. */
export type AllowRule = {
  /** The call of the vocabulary that made it. */
  call: string
  /** 'all' is reading too. */
  of: 'all' | 'control'
  actions: NamePattern[] | null
  /** Tables. */
  things: string[] | null
  builder: NamePattern | null
  /** The builder has one of them. */
  tags: string[] | null
  project: NamePattern | null
  worker: NamePattern | null
  scheduler: NamePattern | null
  /** Of the request, below the base path: /api/v2/builds/7. */
  path: NamePattern | null
  subject: RuleSubject
  /** Whether the rules end here for those whom it does not let. */
  defaultDeny: boolean
}

/** Rules of who may do what, in their order: the first that lets them, or that denies. */
export type AuthzConfig = { roleMatchers: RoleMatcher[]; rules: AllowRule[] }

export const noConditions = { actions: null, things: null, builder: null, tags: null, project: null, worker: null, scheduler: null, path: null } as const
