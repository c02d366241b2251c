import type { FunctionRef, SecretRef } from './renderable.js'

/** Code hosts whose webhooks are understood. Forgejo's are Gitea's. */
export const hookHosts = ['github', 'gitlab', 'gitea', 'bitbucketCloud', 'bitbucketServer'] as const
export type HookHost = (typeof hookHosts)[number]

export type HostHookConfig = {
  secret: string | SecretRef | null
  /** Refuse what does not prove that it knows the secret. */
  strict: boolean
  /** A function is asked with the payload. */
  codebase: string | FunctionRef
  /** For the host's API: files and messages that the payload does not tell, and the client of the functions. */
  token: string | SecretRef | null
  /** Of the API; null: the public service's. */
  apiUrl: string | null
  /** A head commit or title in which one of these matches is not built. */
  skips: { source: string; flags: string }[]
  /** Which ref of a pull request is built. */
  pullrequestRef: 'merge' | 'head'
  /** Which fields of a pull request become properties, with `*` and `?`. */
  propertyWhitelist: string[]
  /** The user's functions by the host's name of the event. */
  on: { [event: string]: FunctionRef }
}

export type PollerHookConfig = {
  secret: string | SecretRef | null
  /** Names of the change sources that may be asked to look; null: all. */
  allowed: string[] | null
}

export type ChangeHooksConfig = { base: { secret: string | SecretRef | null } | null; poller: PollerHookConfig | null } & { [host in HookHost]: HostHookConfig | null }

/** `[skip ci]` and `[ci skip]`, as Buildbot has them. */
export const defaultSkips = [{ source: '\\[ *skip *ci *\\]', flags: '' }, { source: '\\[ *ci *skip *\\]', flags: '' }]

export const hostHookDefaults: HostHookConfig = {
  secret: null, strict: false, codebase: '', token: null, apiUrl: null, skips: defaultSkips, pullrequestRef: 'merge', propertyWhitelist: [], on: {},
}

export const noChangeHooks: ChangeHooksConfig = { base: null, poller: null, github: null, gitlab: null, gitea: null, bitbucketCloud: null, bitbucketServer: null }
