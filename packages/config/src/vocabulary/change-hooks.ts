import type { HookChangeFields, HookEvent, HostClient, Json, SecretRef } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'

/**
 * Called with what a host told, after it was accepted: answers with the changes that come of it ([]: none), or with nothing: then what is built in goes on.
 * It may take a minute and ask the outside world. When it fails it is called again, so what it does outside may happen twice.
 */
export type OnHookEvent = HookEventMethod['call']

/** As a method, so that a function may say what payload it expects: `(event: HookEvent<{ issue: { number: number } }>, host) => …`. */
type HookEventMethod = { call(event: HookEvent, host: HostClient): HookChangeFields[] | null | undefined | void | Promise<HookChangeFields[] | null | undefined | void> }

/** Of the webhooks of all code hosts. */
export type HostHookOptions = {
  /** As it is given to the webhook at the host. */
  secret?: string | SecretRef
  /** Refuse what does not prove that it knows the secret; true where there is a secret. */
  strict?: boolean
  /** A function is asked with the payload. */
  codebase?: string | ((payload: { [name: string]: Json }) => string | Promise<string>)
  /** For the host's API: files of pull requests, and what the functions of `on` do there. */
  token?: string | SecretRef
  /** Of the host's API, where it is not the public service's. */
  apiUrl?: string
  /** A head commit or pull request in whose text one of these matches is not built; [skip ci] and [ci skip] unless said otherwise. */
  skips?: (RegExp | string)[]
  /** Functions by the host's name of an event. */
  on?: { [event: string]: OnHookEvent }
}

export type GithubHookOptions = HostHookOptions & {
  /** What of a pull request is built: merged into its base, unless said otherwise. */
  pullrequestRef?: 'merge' | 'head'
  /** Fields of a pull request that become properties, e.g. 'github.head.*'. */
  githubPropertyWhitelist?: string[]
}

export type BitbucketHookOptions = HostHookOptions & { /** E.g. 'bitbucket.title'. */ bitbucketPropertyWhitelist?: string[] }

export type ChangeHookDeclaration =
  | Declared<'hook.base', { secret?: string | SecretRef }>
  | Declared<'hook.poller', { secret?: string | SecretRef; allowed?: string[] }>
  | Declared<'hook.github', GithubHookOptions>
  | Declared<'hook.gitlab' | 'hook.gitea', HostHookOptions>
  | Declared<'hook.bitbucketCloud' | 'hook.bitbucketServer', BitbucketHookOptions>

export const changeHooks = {
  /** POST /change_hook/base */
  base: (options: { secret?: string | SecretRef } = {}): ChangeHookDeclaration => declare('hook.base', options),
  /** POST /change_hook/poller?poller=NAME: has this change source, or without a name all that are allowed, polled now. */
  poller: (options: { secret?: string | SecretRef; allowed?: string[] } = {}): ChangeHookDeclaration => declare('hook.poller', options),
  /** POST /change_hook/github */
  github: (options: GithubHookOptions = {}): ChangeHookDeclaration => declare('hook.github', options),
  /** POST /change_hook/gitlab */
  gitlab: (options: HostHookOptions = {}): ChangeHookDeclaration => declare('hook.gitlab', options),
  /** POST /change_hook/gitea; Forgejo's too. */
  gitea: (options: HostHookOptions = {}): ChangeHookDeclaration => declare('hook.gitea', options),
  /** POST /change_hook/bitbucketcloud */
  bitbucketCloud: (options: BitbucketHookOptions = {}): ChangeHookDeclaration => declare('hook.bitbucketCloud', options),
  /** POST /change_hook/bitbucketserver */
  bitbucketServer: (options: BitbucketHookOptions = {}): ChangeHookDeclaration => declare('hook.bitbucketServer', options),
}
