import { declare } from './declare.js'
import type { Declared } from './declare.js'
import type { Duration } from './values.js'

export type GitPollerOptions = {
  /** The repository unless said otherwise. */
  name?: string
  /** URL or path. */
  repository: string
  /** Names, or true for all. */
  branches: string[] | true
  /** 10 minutes unless said otherwise. */
  pollInterval?: Duration
  /** Poll when started (true unless said otherwise), not first after pollInterval. */
  pollAtLaunch?: boolean
  project?: string
  codebase?: string
  category?: string | null
}

export type ChangeSourceDeclaration = Declared<'gitPoller', GitPollerOptions>

export const changeSources = {
  /** Looks into a git repository from time to time. */
  gitPoller: (options: GitPollerOptions): ChangeSourceDeclaration => declare('gitPoller', options),
}
