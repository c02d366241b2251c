import type { ChangeData, HookHost, Json, SecretRef } from '@yardmaster/domain'
import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { Duration } from './values.js'

/** A change as mapChange answers with it: what is not said stays as it was. Properties are plain values. */
export type MappedChange = Partial<Omit<ChangeData, 'id' | 'properties'>> & { properties?: { [name: string]: Json } }

export type GitPollerOptions = {
  /** The repository unless said otherwise. */
  name?: string
  /** URL or path. */
  repository: string
  /**
   * Names, patterns with * and ** in them, and regular expressions; true: all; or a function, which is asked for each ref of the repository by its full name
   * (refs/heads/main). The default branch unless said otherwise. `refs/…` is a ref that is no branch.
   */
  branches?: readonly (string | RegExp)[] | true | ((ref: string) => boolean | Promise<boolean>)
  /** Instead of branches: tags alone. The branch of their changes is refs/tags/NAME. */
  onlyTags?: boolean
  /** A new branch without commits of its own, and one that was set back, become a change too. */
  buildPushesWithNoCommits?: boolean
  /** 10 minutes unless said otherwise; null: only when asked (changeHooks.poller, "Poll now"). */
  pollInterval?: Duration | null
  /** Each poll is put off by chance, by at least this … */
  pollRandomDelayMin?: Duration
  /** … and at most this. */
  pollRandomDelayMax?: Duration
  /** Poll when started (true unless said otherwise), not first after pollInterval. */
  pollAtLaunch?: boolean
  /** The first poll makes a change of the newest commit of each branch, instead of taking them as they are. */
  firstFetchLoadRefs?: boolean
  project?: string
  codebase?: string
  category?: string | null | ((change: ChangeData) => string | null | Promise<string | null>)
  /** false: a change is of the time when it was found. */
  usetimestamps?: boolean
  sshPrivateKey?: string | SecretRef
  /** The server's key, as `ssh-keyscan` tells it, without the name. */
  sshHostKey?: string | SecretRef
  /** Text of a known_hosts file. */
  sshKnownHosts?: string | SecretRef
  /** Beside token, for http and https; git unless said otherwise. */
  username?: string
  /** Token or password, for http and https. */
  token?: string | SecretRef
  /**
   * Is given each change before it is kept, with its files: answers with a change, several, or null for none. It has a minute, and may ask the outside world.
   * When it throws, the poll is tried again; nothing is skipped.
   */
  mapChange?: (change: ChangeData, signal: AbortSignal) => MappedChange | MappedChange[] | null | Promise<MappedChange | MappedChange[] | null>
}

type Shared = 'name' | 'repository' | 'branches' | 'pollRandomDelayMin' | 'pollRandomDelayMax' | 'pollAtLaunch' | 'codebase' | 'sshPrivateKey' | 'sshHostKey' | 'sshKnownHosts' | 'username' | 'token'

export type ReconcileOptions = Pick<GitPollerOptions, Shared> & {
  /** Which hook should have been told. */
  hook: HookHost | 'base'
  /** 10 minutes unless said otherwise. */
  interval?: Duration
  /** What the hook's changes have here; as the host tells it unless said otherwise. */
  project?: string
  category?: string
  /** What the hook's changes call the repository; as the host tells it unless said otherwise. */
  changeRepository?: string
}

export type ChangeSourceDeclaration = Declared<'gitPoller', GitPollerOptions> | Declared<'reconcile', ReconcileOptions>

export const changeSources = {
  /** Looks into a git repository from time to time. */
  gitPoller: (options: GitPollerOptions): ChangeSourceDeclaration => declare('gitPoller', options),
  /** Looks seldom into a repository whose pushes a hook tells, and makes the changes that no message of the host brought. `branches`: all unless said otherwise. */
  reconcile: (options: ReconcileOptions): ChangeSourceDeclaration => declare('reconcile', options),
}
