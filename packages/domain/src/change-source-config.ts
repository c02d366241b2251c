import type { HookHost } from './change-hook-config.js'
import type { FunctionRef, SecretRef } from './renderable.js'

export type GitPollerConfig = {
  kind: 'gitPoller'
  name: string
  repository: string
  /**
   * Names of branches (and full names of other refs: `refs/…`); `true`: all branches; null: the repository's default branch; or a function that
   * answers whether a ref, by its full name, is watched.
   */
  branches: string[] | true | null | FunctionRef
  /** Beside names: branches whose name (of other refs the full name) matches. */
  branchPatterns: { source: string; flags: string }[]
  /** Tags alone; their changes have the full name of the tag as branch. */
  onlyTags: boolean
  /** A branch that is new, or moved to a commit that is known, becomes a change too. */
  buildPushesWithNoCommits: boolean
  /** Seconds; null: only when asked. */
  pollInterval: number | null
  /** Seconds by which each poll is put off, by chance between these. */
  pollRandomDelayMin: number
  pollRandomDelayMax: number
  pollAtLaunch: boolean
  /** The first poll makes a change of each branch's newest commit. */
  firstFetchLoadRefs: boolean
  /** What its changes call the repository; null: as it is here. */
  changeRepository: string | null
  project: string
  codebase: string
  /** Or a function of the change. */
  category: string | null | FunctionRef
  /** A change is of the commit's time, not of the poll's. */
  usetimestamps: boolean
  sshPrivateKey: string | SecretRef | null
  /** Of the server, as ssh-keyscan tells it, without the name. */
  sshHostKey: string | SecretRef | null
  sshKnownHosts: string | SecretRef | null
  /** For http(s), with `token` as password. */
  username: string
  token: string | SecretRef | null
  /** Finds what this hook was never told, and makes the changes that it would have made; null: it makes changes of its own. */
  reconciles: HookHost | 'base' | null
  /** Makes of a change none, one or several others. */
  mapChange: FunctionRef | null
}

/** What a poller of git does when only its repository is said. */
export const gitPollerDefaults: Omit<GitPollerConfig, 'name' | 'repository'> = {
  kind: 'gitPoller', branches: null, branchPatterns: [], onlyTags: false, buildPushesWithNoCommits: false, pollInterval: 600, pollRandomDelayMin: 0, pollRandomDelayMax: 0,
  pollAtLaunch: true, firstFetchLoadRefs: false, changeRepository: null, project: '', codebase: '', category: null, usetimestamps: true, sshPrivateKey: null, sshHostKey: null, sshKnownHosts: null,
  username: 'git', token: null, reconciles: null, mapChange: null,
}
