export type GitPollerConfig = {
  kind: 'gitPoller'
  name: string
  repository: string
  /** Branch names, or `true` for all. */
  branches: string[] | true
  /** Seconds. */
  pollInterval: number
  pollAtLaunch: boolean
  project: string
  codebase: string
  category: string | null
}
